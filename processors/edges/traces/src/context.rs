//! W3C Trace Context, version 00: what a `traceparent` says, and what the next one in its trace says.

use xxhash_rust::xxh3::xxh3_64;

/// The name of the header, in HTTP and in Kafka.
pub const TRACEPARENT: &str = "traceparent";
/// Two digits of version, 32 of trace id, 16 of span id, two of flags, and three hyphens.
pub const TRACEPARENT_BYTES: usize = 55;
/// The bit of the flags by which a caller says that it records the trace.
const SAMPLED: u8 = 1;

/// The id of a span within its trace; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// A place in a trace: the span that the next one is a child of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: SpanId,
    flags: u8,
}

impl SpanId {
    /// Returns an id that nothing else has, in practice.
    pub fn random() -> Self {
        // Some bits of a UUID are fixed: those of its hash are not.
        Self::of(xxh3_64(uuid::Uuid::new_v4().as_bytes()))
    }

    /// Returns the id of the span that `step` makes of a record below `parent`: the same one each time, so that what is tried again or
    /// written by another process is the same span.
    pub fn derived(parent: &TraceContext, step: &str, partition: u32, offset: i64) -> Self {
        let mut text = Vec::with_capacity(64);
        text.extend_from_slice(&parent.trace_id);
        text.extend_from_slice(&parent.span_id.0);
        text.extend_from_slice(&partition.to_be_bytes());
        text.extend_from_slice(&offset.to_be_bytes());
        text.extend_from_slice(step.as_bytes());
        Self::of(xxh3_64(&text))
    }

    fn of(number: u64) -> Self {
        // 0 means "no span".
        Self(number.max(1).to_be_bytes())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TraceContext {
    /// Reads a `traceparent` whose sender records the trace. `None` where it does not, and where this is no `traceparent` of version 00.
    pub fn sampled(traceparent: &[u8]) -> Option<Self> {
        let text: &[u8; TRACEPARENT_BYTES] = traceparent.try_into().ok()?;
        if &text[..3] != b"00-" || text[35] != b'-' || text[52] != b'-' {
            return None;
        }
        let mut trace_id = [0; 16];
        let mut span_id = [0; 8];
        let mut flags = [0; 1];
        decode(&text[3..35], &mut trace_id)?;
        decode(&text[36..52], &mut span_id)?;
        decode(&text[53..55], &mut flags)?;
        let [flags] = flags;
        let is_valid = trace_id != [0; 16] && span_id != [0; 8] && flags & SAMPLED != 0;
        is_valid.then_some(Self {
            trace_id,
            span_id: SpanId(span_id),
            flags,
        })
    }

    /// The same trace, below another span.
    #[must_use]
    pub fn below(self, span_id: SpanId) -> Self {
        Self { span_id, ..self }
    }

    /// The header that names this place.
    pub fn traceparent(&self) -> [u8; TRACEPARENT_BYTES] {
        let mut text = [b'-'; TRACEPARENT_BYTES];
        encode(&[0], &mut text[..2]);
        encode(&self.trace_id, &mut text[3..35]);
        encode(&self.span_id.0, &mut text[36..52]);
        encode(&[self.flags], &mut text[53..]);
        text
    }

    pub(crate) fn trace_id(&self) -> &[u8] {
        &self.trace_id
    }

    pub(crate) fn span_id(&self) -> SpanId {
        self.span_id
    }

    pub(crate) fn flags(&self) -> u8 {
        self.flags
    }
}

/// Lower case only, as the standard has it.
fn decode(digits: &[u8], bytes: &mut [u8]) -> Option<()> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(())
}

fn encode(bytes: &[u8], digits: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(digits.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests;
