//! Records of the outcomes topic that are no outcomes.

/// A record of the outcomes topic that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub partition: u32,
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub reason: String,
}
