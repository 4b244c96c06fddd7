//! A stream of commands, one a line, answered in order by a line each, while it comes.

use crate::answers::{self, Expected};
use crate::incoming::{self, COMMAND_BYTES_MAX, CommandReader, Envelope};
use crate::metrics::Metrics;
use crate::sent::Sent;
use crate::waiting::Waiting;
use bearer_tokens::{Caller, Expiry};
use bytes::Bytes;
use command_client::{Answer as Decided, NewCommand, Pending, SendError};
use http_server::{Answer, BodyReader, Problem, StatusCode};
use service::clock;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use stream::writer::WriteFailure;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Commands of one stream that are under way: no more of it is read until one of them is answered.
const UNANSWERED_MAX: usize = 4000;
/// Answers that the client has not taken; no more of the stream is read while there are so many.
const UNREAD_LINES_MAX: usize = 64;
/// How long a command is tried again that the process has no room for.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(30);
const ROOM_CHECK_PERIOD: Duration = Duration::from_millis(20);

/// What a stream of commands needs.
pub(crate) struct Lines {
    pub(crate) wait: Duration,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) reader: Arc<CommandReader>,
    pub(crate) caller: Option<Caller>,
    /// Of the whole request: every command of it is in this trace.
    pub(crate) traceparent: Option<String>,
    pub(crate) metrics: Metrics,
}

/// A line that is not answered yet.
struct Line {
    number: u64,
    state: State,
}

enum State {
    /// It can be answered when its turn comes.
    Answered(Answer),
    Sent {
        command: Sent,
        pending: Pending<Decided>,
        deadline: Instant,
    },
}

/// A command that there was no room for yet.
struct Held {
    number: u64,
    command: NewCommand,
    since: Instant,
}

impl Lines {
    /// Begins to read; the answers come out of the receiver. Where that is dropped, as when the client goes away, the rest is not read.
    /// A stream may take longer than its client's token holds: it ends when that expires.
    pub(crate) fn start(self, body: BodyReader, expiry: Expiry) -> mpsc::Receiver<Bytes> {
        let (out, pieces) = mpsc::channel(UNREAD_LINES_MAX);
        tokio::spawn(async move {
            let input = Input::new(body);
            // The client is gone: its commands are decided all the same.
            let _gone = self.run(input, expiry, &out).await;
        });
        pieces
    }

    async fn run(&self, mut input: Input, mut expiry: Expiry, out: &mpsc::Sender<Bytes>) -> Result<(), Gone> {
        let mut lines: VecDeque<Line> = VecDeque::new();
        let mut held: Option<Held> = None;
        let mut is_open = true;
        while is_open || held.is_some() || !lines.is_empty() {
            if let Some(again) = held.take() {
                if self.has_expired() {
                    is_open = false;
                    lines.push_back(Line {
                        number: again.number,
                        state: State::Answered(expired().into()),
                    });
                } else {
                    held = self.send(again, &mut lines);
                }
                if held.is_none() {
                    input.body.used();
                }
            }
            let may_read = is_open && held.is_none() && lines.len() < UNANSWERED_MAX;
            tokio::select! {
                biased;
                answer = self.first(&mut lines), if !lines.is_empty() => {
                    let number = lines.pop_front().map_or(0, |line| line.number);
                    self.put(out, number, &answer).await?;
                }
                () = self.waiting.stopping(), if is_open => {
                    is_open = false;
                    lines.push_back(Line { number: input.number + 1, state: State::Answered(stopping().into()) });
                }
                () = expiry.passed(), if is_open && held.is_none() => {
                    is_open = false;
                    lines.push_back(Line { number: input.number + 1, state: State::Answered(expired().into()) });
                }
                line = input.next(), if may_read => match line {
                    Ok(None) => is_open = false,
                    Ok(Some(line)) => match self.command(&line) {
                        Ok(command) => held = Some(Held { number: input.number, command, since: Instant::now() }),
                        Err(problem) => lines.push_back(Line { number: input.number, state: State::Answered(problem.into()) }),
                    },
                    Err(problem) => {
                        is_open = false;
                        lines.push_back(Line { number: input.number + 1, state: State::Answered(problem.into()) });
                    }
                },
                () = sleep(ROOM_CHECK_PERIOD), if held.is_some() => {}
            }
        }
        Ok(())
    }

    /// Whether the client is no longer who it was: no command may be sent in its name.
    fn has_expired(&self) -> bool {
        self.caller
            .as_ref()
            .is_some_and(|caller| caller.check_expiry(clock::unix_ms()).is_err())
    }

    fn command(&self, line: &[u8]) -> Result<NewCommand, Problem> {
        let envelope = Envelope {
            issued_by: self.caller.as_ref().map(|caller| caller.subject.clone()),
            traceparent: self.traceparent.clone(),
            ..Envelope::default()
        };
        self.reader.read(incoming::object(line)?, envelope)
    }

    /// Sends a command, or gives it back where there is no room.
    fn send(&self, held: Held, lines: &mut VecDeque<Line>) -> Option<Held> {
        let Held { number, command, since } = held;
        let state = match self.waiting.begin(&command) {
            Ok(Ok(pending)) => State::Sent {
                command: command.into(),
                pending,
                deadline: Instant::now() + self.wait,
            },
            Ok(Err(SendError::Busy { .. } | SendError::Write(WriteFailure::QueueFull))) if since.elapsed() < ROOM_WAIT_MAX => {
                return Some(Held { number, command, since });
            }
            Ok(Err(error)) => State::Answered(answers::not_sent(&error).into()),
            Err(problem) => State::Answered(problem.into()),
        };
        lines.push_back(Line { number, state });
        None
    }

    /// The answer to the first line. Cancelled, it can be called again.
    async fn first(&self, lines: &mut VecDeque<Line>) -> Answer {
        match lines.front_mut().map(|line| &mut line.state) {
            None => std::future::pending().await,
            Some(State::Answered(answer)) => std::mem::replace(answer, Problem::internal().into()),
            Some(State::Sent {
                command,
                pending,
                deadline,
            }) => {
                let answered = self.waiting.finish(command, pending, Expected::InCommand, *deadline).await;
                answered.unwrap_or_else(Answer::from)
            }
        }
    }

    async fn put(&self, out: &mpsc::Sender<Bytes>, number: u64, answer: &Answer) -> Result<(), Gone> {
        self.metrics.answered(answer.status());
        let document = String::from_utf8_lossy(answer.body());
        let status = answer.status().as_u16();
        let line = format!("{{\"line\":{number},\"status\":{status},\"answer\":{}}}\n", document.trim_end());
        out.send(line.into()).await.map_err(|_closed| Gone)
    }
}

/// The client does not want the answers any more.
struct Gone;

/// The lines of a body.
struct Input {
    body: BodyReader,
    unread: Vec<u8>,
    /// How much of `unread` holds no end of a line.
    searched: usize,
    /// Of the line that was read last, from 1 on; empty lines count.
    number: u64,
    is_ended: bool,
}

impl Input {
    fn new(body: BodyReader) -> Self {
        Self {
            body,
            unread: Vec::new(),
            searched: 0,
            number: 0,
            is_ended: false,
        }
    }

    /// The next line that is not empty; `None` at the end. Cancelled, it can be called again.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        // The line before is kept no longer.
        self.body.keep(self.unread.len());
        loop {
            let end = self.unread[self.searched..].iter().position(|byte| *byte == b'\n');
            let line = match end {
                Some(end) => {
                    let mut line: Vec<u8> = self.unread.drain(..=self.searched + end).collect();
                    line.pop();
                    line
                }
                None if self.is_ended && self.unread.is_empty() => return Ok(None),
                None if self.is_ended => std::mem::take(&mut self.unread),
                None => {
                    self.searched = self.unread.len();
                    if self.searched > COMMAND_BYTES_MAX {
                        return Err(too_long());
                    }
                    match self.body.next().await? {
                        Some(piece) => self.unread.extend_from_slice(&piece),
                        None => self.is_ended = true,
                    }
                    continue;
                }
            };
            self.searched = 0;
            self.number += 1;
            if line.len() > COMMAND_BYTES_MAX {
                return Err(too_long());
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

fn too_long() -> Problem {
    let detail = format!("a line has more than {COMMAND_BYTES_MAX} bytes; it and what follows were not read");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large", detail)
}

fn stopping() -> Problem {
    Problem::not_ready("this process is stopping: this line and those after it were not read; send them again to another instance")
}

fn expired() -> Problem {
    let detail = "the token is not accepted: it has expired; this line and those after it were not read; send them again with a new token";
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "token-not-accepted",
        "Token not accepted",
        detail.to_owned(),
    )
}

#[cfg(test)]
mod tests;
