//! Each topic in turn, altered, emptied, deleted and created again by hand: the processes go on, or say why not and go on once it is mended as they
//! say; none is ready while it is stuck.

mod tampered;

use crate::Ground;
use crate::rows::{Needs, Row};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tampered::Tampered;
use topology::Topics;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 68,
        name: "commands-tampered",
        what: "the commands topic is emptied, altered in its settings and partitions, and deleted: processes go on, or report the reason until it is repaired",
        needs: Needs::Broker,
        run: |ground| all(ground, COMMANDS),
    },
    Row {
        number: 68,
        name: "events-tampered",
        what: "the same with the events: where events are gone, nothing is decided on what is left, with or without a state",
        needs: Needs::Broker,
        run: |ground| all(ground, EVENTS),
    },
    Row {
        number: 68,
        name: "outcomes-tampered",
        what: "the same with the outcomes",
        needs: Needs::Broker,
        run: |ground| all(ground, OUTCOMES),
    },
    Row {
        number: 68,
        name: "dead-letters-tampered",
        what: "the same with the dead letters",
        needs: Needs::Broker,
        run: |ground| all(ground, DEAD_LETTERS),
    },
    Row {
        number: 68,
        name: "metadata-tampered",
        what: "the same with the metadata: the log keeps its number of partitions",
        needs: Needs::Broker,
        run: |ground| all(ground, METADATA),
    },
];

struct Case {
    name: &'static str,
    topic: fn(&Topics) -> &str,
    change: TopicChange,
    then: Then,
}

#[derive(Clone, Copy)]
enum TopicChange {
    /// All records are deleted.
    Empty,
    Delete,
    /// Deleted, and created again before anything looks.
    Recreate,
    /// The same, and the commands are gone as well.
    RecreateBare,
    AddPartitions,
    /// A setting, and the one that undoes it.
    Set(&'static str, &'static str),
}

#[derive(Clone, Copy)]
enum Then {
    /// The processes are ready, and commands are decided; after a restart, and without a state, too.
    GoesOn,
    /// The processor ends or stops with these words, and goes on after the setting was undone and it was started again.
    Restarts(&'static [&'static str]),
    /// It is not ready with these words, and goes on by itself after the setting was undone.
    Heals(&'static [&'static str]),
    /// It ends with these words, and goes on after the topic, if it is still there, was deleted, `aerolog topics apply` and a start.
    Applies(&'static [&'static str]),
    /// It refuses with these words when it is started again, and goes on once the topic was deleted and `aerolog topics apply` was run.
    Remade(&'static [&'static str]),
    /// It refuses with these words and again when it is started on the new topic. Without a state it decides all commands again, which the log has, and
    /// writes the events that are missing.
    Rebuilt(&'static [&'static str]),
    /// It refuses with these words, with and without a state, and the topic stays as it is.
    Refuses(&'static [&'static str]),
}

const fn case(name: &'static str, topic: fn(&Topics) -> &str, change: TopicChange, then: Then) -> Case {
    Case { name, topic, change, then }
}

fn commands(topics: &Topics) -> &str {
    &topics.commands.name
}
fn events(topics: &Topics) -> &str {
    &topics.events.name
}
fn outcomes(topics: &Topics) -> &str {
    &topics.outcomes.name
}
fn dead_letters(topics: &Topics) -> &str {
    &topics.dead_letters.name
}
fn metadata(topics: &Topics) -> &str {
    &topics.metadata.name
}

const COMPACT: TopicChange = TopicChange::Set("cleanup.policy=compact", "cleanup.policy=delete");
const BYTES: TopicChange = TopicChange::Set("retention.bytes=1000000", "retention.bytes=-1");

const COMMANDS: &[Case] = &[
    case("emptied", commands, TopicChange::Empty, Then::GoesOn),
    case("partitions", commands, TopicChange::AddPartitions, Then::GoesOn),
    case(
        "compact",
        commands,
        COMPACT,
        Then::Restarts(&["cleanup.policy is compact", "kafka-configs --alter"]),
    ),
    case(
        "retention",
        commands,
        TopicChange::Set("retention.ms=3600000", "retention.ms=604800000"),
        Then::Restarts(&["retention.ms is 3600000"]),
    ),
    case("bytes", commands, BYTES, Then::Restarts(&["retention.bytes is 1000000"])),
    case(
        "times",
        commands,
        TopicChange::Set("message.timestamp.type=CreateTime", "message.timestamp.type=LogAppendTime"),
        Then::Restarts(&["message.timestamp.type is CreateTime"]),
    ),
];

const EVENTS: &[Case] = &[
    case(
        "recreated",
        events,
        TopicChange::Recreate,
        Then::Rebuilt(&["deleted and created again"]),
    ),
    case("deleted", events, TopicChange::Delete, Then::Rebuilt(&["missing"])),
    case(
        "bare",
        events,
        TopicChange::RecreateBare,
        Then::Refuses(&["deleted and created again"]),
    ),
    case("partitions", events, TopicChange::AddPartitions, Then::GoesOn),
    case(
        "retention",
        events,
        TopicChange::Set("retention.ms=604800000", "retention.ms=-1"),
        Then::Restarts(&["retention.ms is 604800000"]),
    ),
    case("bytes", events, BYTES, Then::Restarts(&["retention.bytes is 1000000"])),
    case(
        "size",
        events,
        TopicChange::Set("max.message.bytes=100", "max.message.bytes=1048588"),
        Then::Heals(&["is stopped", "MessageSizeTooLarge"]),
    ),
];

const OUTCOMES: &[Case] = &[
    case(
        "deleted",
        outcomes,
        TopicChange::Delete,
        Then::Applies(&["missing", "aerolog topics apply"]),
    ),
    case("partitions", outcomes, TopicChange::AddPartitions, Then::GoesOn),
    case("compact", outcomes, COMPACT, Then::Restarts(&["cleanup.policy is compact"])),
    case(
        "retention",
        outcomes,
        TopicChange::Set("retention.ms=3600000", "retention.ms=1209600000"),
        Then::Restarts(&["retention.ms is 3600000"]),
    ),
];

const DEAD_LETTERS: &[Case] = &[
    case("emptied", dead_letters, TopicChange::Empty, Then::GoesOn),
    case("recreated", dead_letters, TopicChange::Recreate, Then::GoesOn),
    case(
        "deleted",
        dead_letters,
        TopicChange::Delete,
        Then::Applies(&["missing", "aerolog topics apply"]),
    ),
    case("partitions", dead_letters, TopicChange::AddPartitions, Then::GoesOn),
    case("compact", dead_letters, COMPACT, Then::Restarts(&["cleanup.policy is compact"])),
];

const METADATA: &[Case] = &[
    case(
        "emptied",
        metadata,
        TopicChange::Empty,
        Then::Remade(&["were deleted", "aerolog topics apply"]),
    ),
    case(
        "recreated",
        metadata,
        TopicChange::Recreate,
        Then::Applies(&["deleted and created again"]),
    ),
    case(
        "deleted",
        metadata,
        TopicChange::Delete,
        Then::Applies(&["missing", "aerolog topics apply"]),
    ),
    case(
        "partitions",
        metadata,
        TopicChange::AddPartitions,
        Then::Applies(&["the number of partitions is"]),
    ),
    case("compact", metadata, COMPACT, Then::Restarts(&["cleanup.policy is compact"])),
];

fn all(ground: &Ground, cases: &[Case]) {
    let mut failed = Vec::new();
    for case in cases {
        let ground = Ground::new(&ground.folder().join(case.name), ground.seed());
        ground.tell(case.name);
        // The other cases are tried all the same.
        let tried = catch_unwind(AssertUnwindSafe(|| Tampered::begin(&ground, case).run()));
        if let Err(panic) = tried {
            let said = panic.downcast_ref::<String>().map_or("it panicked", String::as_str);
            failed.push(format!("{}: {said}", case.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
