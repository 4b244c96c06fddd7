//! Names that the parts of an audit share.

use auditor::{Place, Record, Seen, SourceError, Topic};

pub(super) fn place(topic: Topic, partition: u32, offset: i64) -> Place {
    Place { topic, partition, offset }
}

pub(super) fn seen(committed: bool, record: Record) -> Seen {
    if committed {
        Seen::Committed(record)
    } else {
        Seen::Aborted(record)
    }
}

pub(super) fn source(error: impl std::fmt::Display) -> SourceError {
    SourceError(error.to_string())
}
