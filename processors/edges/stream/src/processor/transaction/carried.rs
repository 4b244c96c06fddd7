//! Headers of a command that its answers repeat, so that a sender or a trace finds them: within bounds, and only where they are
//! what they say.

/// Names in lower case. They are compared without case, and repeated as they were sent.
const NAMES: [&str; 6] = [
    TRACEPARENT,
    "tracestate",
    "correlation-id",
    "correlationid",
    "x-correlation-id",
    "kafka_correlationid",
];
const TRACEPARENT: &str = "traceparent";
/// What W3C Trace Context asks everyone to pass on of a tracestate, and more than ids of a correlation have.
const VALUE_BYTES_MAX: usize = 512;

/// At most one header of each of the [`NAMES`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carried<'m>([Option<(&'m [u8], &'m [u8])>; NAMES.len()]);

impl<'m> Carried<'m> {
    /// The last of several of one name counts, as everywhere in Kafka.
    pub(super) fn note(&mut self, name: &'m [u8], value: Option<&'m [u8]>) {
        let Some(place) = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes())) else {
            return;
        };
        let is_fit = |value: &&[u8]| match NAMES[place] {
            TRACEPARENT => is_traceparent(value),
            _ => value.len() <= VALUE_BYTES_MAX,
        };
        self.0[place] = value.filter(is_fit).map(|value| (name, value));
    }

    pub(super) fn traceparent(&self) -> Option<(&'m [u8], &'m [u8])> {
        self.0[0]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'m [u8], &'m [u8])> {
        self.0.iter().copied().flatten()
    }
}

/// Version 00 of W3C Trace Context, section 3.2: four fields of hexadecimal digits. Whatever else a client puts there would be repeated in
/// every event and outcome.
fn is_traceparent(bytes: &[u8]) -> bool {
    const LENGTHS: [usize; 4] = [2, 32, 16, 2];
    let mut fields = bytes.split(|byte| *byte == b'-');
    let is_field = |length: usize, field: Option<&[u8]>| field.is_some_and(|field| field.len() == length && field.iter().all(is_lower_hex));
    LENGTHS.iter().all(|length| is_field(*length, fields.next())) && fields.next().is_none()
}

fn is_lower_hex(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests;
