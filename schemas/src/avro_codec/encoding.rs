//! Which of its encodings a command has.

use crate::problem::shortened;
use decider::DecodeError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Avro,
    Json,
}

impl Encoding {
    /// By the record header `content-type`, whose parameters (`; charset=utf-8`) do not matter.
    pub(super) fn of(content_type: Option<&[u8]>) -> Result<Self, DecodeError> {
        let Some(content_type) = content_type else { return Ok(Self::Avro) };
        let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        match essence.to_ascii_lowercase().as_slice() {
            b"application/json" => Ok(Self::Json),
            b"" | b"application/avro" | b"application/vnd.apache.avro" | b"avro/binary" | b"application/octet-stream" => Ok(Self::Avro),
            _ => Err(DecodeError::Malformed(format!(
                "the content type is {:?}; commands are application/json, or Avro without a content type",
                shortened(String::from_utf8_lossy(content_type).into_owned(), 80)
            ))),
        }
    }
}
