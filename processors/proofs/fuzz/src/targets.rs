//! The targets: one function of bytes for each decoder.

mod http;
mod json;
mod log;
mod names;
mod records;
mod schemas;
mod state;

/// One decoder, and what follows at once from what it has read.
pub struct Target {
    pub name: &'static str,
    /// What is read, in a few words.
    pub what: &'static str,
    /// Returns whether the input was taken for what the target reads.
    pub run: fn(&[u8]) -> bool,
}

/// All of them, in the order in which they are listed.
pub const TARGETS: &[Target] = &[
    Target {
        name: "command",
        what: "a command in Avro: decoded, encoded again, decided on an empty aggregate, the events applied",
        run: records::command,
    },
    Target {
        name: "command-json",
        what: "a command in JSON, in the same way",
        run: records::command_json,
    },
    Target {
        name: "command-foreign",
        what: "the schema of another writer, and a command that is written with it",
        run: schemas::command_foreign,
    },
    Target {
        name: "event",
        what: "an event: decoded, encoded again, applied to an empty aggregate and to an empty view",
        run: records::event,
    },
    Target {
        name: "outcome",
        what: "an outcome: decoded and encoded again",
        run: records::outcome,
    },
    Target {
        name: "schema",
        what: "a schema with one that it refers to: parsed, its fingerprint, learned by a codec",
        run: schemas::schema,
    },
    Target {
        name: "json",
        what: "JSON as it is typed, and the bank's commands, events and outcomes",
        run: json::json,
    },
    Target {
        name: "fact",
        what: "a record of the metadata topic",
        run: json::fact,
    },
    Target {
        name: "query",
        what: "path, query and headers of a request, answered from a view",
        run: http::query,
    },
    Target {
        name: "names",
        what: "positions, times, ids of nodes and of violations, cursors: read, written, and read again",
        run: names::names,
    },
    Target {
        name: "dead-letter",
        what: "a record of the dead letters with its headers, as the audit reads it",
        run: log::dead_letter,
    },
    Target {
        name: "log",
        what: "records of commands, events and outcomes with their headers, as the audit walks them",
        run: log::log,
    },
    Target {
        name: "replay",
        what: "events and outcomes of a partition, as a processor folds them that takes it over",
        run: log::replay,
    },
    Target {
        name: "headers",
        what: "headers of records: which command, which schema, which position, forwarded from where",
        run: log::headers,
    },
    Target {
        name: "state",
        what: "keys and values of a processor's state, on which a command is decided",
        run: state::state,
    },
    Target {
        name: "view",
        what: "keys and values of a view, of which every question is asked",
        run: state::view,
    },
    Target {
        name: "offset-metadata",
        what: "the metadata of a group's offset, and the brokers' own record of it",
        run: log::offset_metadata,
    },
];

/// Mistakes on purpose: a run that does not find them proves nothing. Each is reached only by a few bytes that coverage leads to.
pub const PLANTED: &[Target] = &[
    Target {
        name: "planted-panic",
        what: "panics at an input that coverage leads to",
        run: |input| {
            assert!(!is_trap(input), "this panic was planted");
            false
        },
    },
    Target {
        name: "planted-allocation",
        what: "believes a length that it is given",
        run: |input| is_trap(input) && vec![1_u8; crate::MEMORY_BYTES_MAX * 2].iter().all(|byte| *byte == input[0]),
    },
    Target {
        name: "planted-stall",
        what: "does not return",
        run: |input| {
            while is_trap(input) {
                std::hint::spin_loop();
            }
            false
        },
    },
];

fn is_trap(input: &[u8]) -> bool {
    let mut passed = 0;
    for (byte, expected) in input.iter().zip(b"trap") {
        if byte != expected {
            return false;
        }
        passed += 1;
    }
    passed == 4
}
