//! How far a view has come, as a document.

use crate::source::Stamp;
use application::Refusal;
use serde::Serialize;
use std::collections::BTreeMap;

/// The position of one view.
pub(crate) fn document(stamp: &Stamp, content_hash: Option<u128>) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Document {
        position: String,
        partitions: BTreeMap<u32, u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content_hash: Option<String>,
    }
    application::document(&Document {
        position: stamp.position().to_string(),
        partitions: stamp.position().iter().collect(),
        content_hash: content_hash.map(|hash| format!("{hash:032x}")),
    })
}
