//! Which of the outgoing bytes of a connection are answers of a handler, and which hyper has written by itself.
//!
//! hyper refuses what it cannot parse with a status and nothing else. Such a refusal is recognized by its place, not by its content:
//! the length of each answer is known when it is handed over, so that what begins where no answer is due is not one.

use std::io::IoSlice;

const HEAD_END: &[u8; 4] = b"\r\n\r\n";
/// How an interim response begins, such as 100 (Continue). It is neither an answer nor a refusal, and has no body.
const INTERIM: &[u8] = b"HTTP/1.1 1";
const STATUS_AT: usize = b"HTTP/1.1 ".len();
const STATUS_END: usize = STATUS_AT + 3;

/// How far the outgoing bytes have come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    place: Place,
    /// The length of the body of an answer that was handed over, and that no byte was written of.
    due: Option<Length>,
}

/// How long the body of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Bytes(u64),
    /// It ends with the connection.
    OpenEnded,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Head {
        body: Length,
        /// How much of [`HEAD_END`] the last bytes were.
        matched: usize,
    },
    Body {
        left: u64,
    },
    OpenEndedBody,
    /// hyper's refusal, by its first bytes. Nothing follows it.
    Refusal {
        line: [u8; STATUS_END],
        length: usize,
    },
}

impl Framing {
    /// An answer was handed over to be written, with a body of so many bytes.
    pub(crate) fn answer(&mut self, body_bytes: u64) {
        self.due = Some(Length::Bytes(body_bytes));
    }

    /// An answer was handed over whose body ends with the connection.
    pub(crate) fn open_ended_answer(&mut self) {
        self.due = Some(Length::OpenEnded);
    }

    /// Whether every answer that was handed over is written.
    pub(crate) fn is_written(&self) -> bool {
        self.due.is_none() && !matches!(self.place, Place::Head { .. } | Place::Body { .. } | Place::OpenEndedBody)
    }

    /// The status of hyper's refusal, if there was one.
    pub(crate) fn refusal(&self) -> Option<&str> {
        match &self.place {
            Place::Refusal { line, length } => std::str::from_utf8(line.get(STATUS_AT..*length)?).ok(),
            Place::Between | Place::Head { .. } | Place::Body { .. } | Place::OpenEndedBody => None,
        }
    }

    /// How many of these bytes, from the first on, are not a refusal of hyper's.
    pub(crate) fn answer_bytes(&self, slices: &[IoSlice<'_>]) -> usize {
        let mut probe = *self;
        probe.pass(slices, usize::MAX)
    }

    /// The first `written` of these bytes were written; they are no more than [`Self::answer_bytes`].
    pub(crate) fn wrote(&mut self, slices: &[IoSlice<'_>], written: usize) {
        self.pass(slices, written);
    }

    /// These bytes are hyper's refusal.
    pub(crate) fn refused(&mut self, bytes: &[u8]) {
        let (mut line, mut length) = match self.place {
            Place::Refusal { line, length } => (line, length),
            Place::Between | Place::Head { .. } | Place::Body { .. } | Place::OpenEndedBody => ([0; STATUS_END], 0),
        };
        for (place, byte) in line.iter_mut().skip(length).zip(bytes) {
            *place = *byte;
            length += 1;
        }
        self.place = Place::Refusal { line, length };
    }

    fn pass(&mut self, slices: &[IoSlice<'_>], bytes_max: usize) -> usize {
        let mut passed = 0;
        for slice in slices {
            let mut rest: &[u8] = slice.get(..bytes_max - passed).unwrap_or(slice);
            while !rest.is_empty() {
                let Some(length) = self.step(rest) else {
                    return passed;
                };
                passed += length;
                rest = &rest[length..];
            }
        }
        passed
    }

    /// Goes on within one message; `None` when the next byte is not of an answer.
    fn step(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.place {
            Place::Between => {
                let body = match self.due.take() {
                    Some(body) => body,
                    None if bytes.starts_with(INTERIM) => Length::Bytes(0),
                    None => return None,
                };
                self.place = Place::Head { body, matched: 0 };
                Some(0)
            }
            Place::Head { body, mut matched } => {
                let end = head_end(bytes, &mut matched);
                self.place = match end {
                    None => Place::Head { body, matched },
                    Some(_) => Place::body(body),
                };
                Some(end.unwrap_or(bytes.len()))
            }
            Place::Body { left } => {
                let length = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.place = Place::body(Length::Bytes(left - length as u64));
                Some(length)
            }
            Place::OpenEndedBody => Some(bytes.len()),
            Place::Refusal { .. } => None,
        }
    }
}

impl Place {
    fn body(length: Length) -> Self {
        match length {
            Length::Bytes(0) => Self::Between,
            Length::Bytes(left) => Self::Body { left },
            Length::OpenEnded => Self::OpenEndedBody,
        }
    }
}

/// Where a head ends in `bytes`, if it does.
fn head_end(bytes: &[u8], matched: &mut usize) -> Option<usize> {
    for (index, byte) in bytes.iter().enumerate() {
        if *byte == HEAD_END[*matched] {
            *matched += 1;
        } else {
            *matched = usize::from(*byte == HEAD_END[0]);
        }
        if *matched == HEAD_END.len() {
            return Some(index + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests;
