//! The schemas that have been released, every version of them. A released file is never edited; a change is a new file.

mod published;

use crate::schema::Schema;
use crate::{commands, events};
use apache_avro::schema_compatibility::SchemaCompatibility;
use decider::SchemaIds;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a topic of the schedule carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    Command,
    Event,
    Outcome,
}

/// What the registry has to check before it takes a new version, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compatibility {
    /// New readers read everything older: readers are upgraded before writers.
    BackwardTransitive,
    /// That, and old readers read what is newer: clients that we do not upgrade read it.
    FullTransitive,
}

/// One version of one schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    pub content: Content,
    pub version: u32,
    /// The text of the `.avsc` file, which names the shared types and does not define them.
    source: &'static str,
    /// XXH3 (64 bits) of the text that is registered.
    pub checksum: u64,
    /// How many kinds of payload it has. A later version only adds to them, so that the bytes of every version are read alike.
    pub payloads: usize,
}

/// Oldest first; the last one of each content is what is written.
pub const RELEASED: [Released; 5] = [
    Released {
        content: Content::Command,
        version: 1,
        source: include_str!("../avro/command-v1.avsc"),
        checksum: 0x6c6b_16f6_3501_d214,
        payloads: 13,
    },
    Released {
        content: Content::Command,
        version: 2,
        source: include_str!("../avro/command-v2.avsc"),
        checksum: 0xc988_22d2_a5e4_8664,
        payloads: 15,
    },
    Released {
        content: Content::Event,
        version: 1,
        source: include_str!("../avro/event-v1.avsc"),
        checksum: 0x3762_1a62_0fd0_1928,
        payloads: 12,
    },
    Released {
        content: Content::Event,
        version: 2,
        source: include_str!("../avro/event-v2.avsc"),
        checksum: 0xf46c_7aa6_1e20_68c0,
        payloads: 15,
    },
    Released {
        content: Content::Outcome,
        version: 1,
        source: include_str!("../avro/outcome-v1.avsc"),
        checksum: 0x3e77_d9fc_87fd_97db,
        payloads: 0,
    },
];

impl Content {
    pub const ALL: [Self; 3] = [Self::Command, Self::Event, Self::Outcome];

    /// The name of the schema's record, without its namespace.
    pub fn record_name(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Event => "Event",
            Self::Outcome => "Outcome",
        }
    }

    pub fn compatibility(self) -> Compatibility {
        match self {
            Self::Command | Self::Event => Compatibility::BackwardTransitive,
            Self::Outcome => Compatibility::FullTransitive,
        }
    }

    /// Every version, oldest first: the order in which they are registered.
    pub fn versions(self) -> impl Iterator<Item = &'static Released> {
        RELEASED.iter().filter(move |released| released.content == self)
    }

    /// The version that is written, and that everything is read as.
    pub fn latest(self) -> &'static Released {
        self.versions().last().expect("every content has a released schema")
    }

    /// The version of the first build.
    pub fn first(self) -> &'static Released {
        self.versions().next().expect("every content has a released schema")
    }

    /// The id of the latest version.
    pub(crate) fn id_in(self, ids: &SchemaIds) -> u32 {
        match self {
            Self::Command => ids.command,
            Self::Event => ids.event,
            Self::Outcome => ids.outcome,
        }
    }

    /// The latest version, parsed once.
    pub(crate) fn schema(self) -> &'static Schema {
        self.latest().schema()
    }
}

impl Released {
    /// The kinds of payload that it has, in the schema's order.
    pub fn payload_names(&self) -> &'static [&'static str] {
        match self.content {
            Content::Command => &commands::BRANCHES[..self.payloads],
            Content::Event => &events::BRANCHES[..self.payloads],
            Content::Outcome => &[],
        }
    }

    /// The text that is registered: complete, so that a client needs nothing else to read it.
    pub fn json(&self) -> &'static str {
        static PUBLISHED: LazyLock<BTreeMap<(Content, u32), String>> = LazyLock::new(|| {
            let complete = |released: &Released| published::complete(released.source);
            RELEASED
                .iter()
                .map(|released| ((released.content, released.version), complete(released)))
                .collect()
        });
        &PUBLISHED[&(self.content, self.version)]
    }

    /// What names it in the log.
    pub fn fingerprint(&self) -> u64 {
        static FINGERPRINTS: LazyLock<BTreeMap<(Content, u32), u64>> = LazyLock::new(|| {
            // Of the text as a registry gives it, so that both are cut down alike.
            let of = |released: &Released| Schema::parse(released.json()).map_or(0, |schema| schema.fingerprint());
            RELEASED
                .iter()
                .map(|released| ((released.content, released.version), of(released)))
                .collect()
        });
        FINGERPRINTS[&(self.content, self.version)]
    }

    /// This version or an earlier one of the same content, by its fingerprint.
    pub(crate) fn same_or_earlier(&self, fingerprint: u64) -> Option<&'static Self> {
        let mut versions = self.content.versions().take_while(|released| released.version <= self.version);
        versions.find(|released| released.fingerprint() == fingerprint)
    }

    /// Whether this version reads what was written with another schema, by the Avro library's checker of compatibility.
    ///
    /// # Errors
    /// Why it does not.
    pub fn reads(&self, writer_json: &str) -> Result<(), String> {
        let parse = |json: &str| apache_avro::Schema::parse_str(json).map_err(|error| error.to_string());
        let (writer, reader) = (parse(writer_json)?, parse(self.json())?);
        SchemaCompatibility::can_read(&writer, &reader)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// The version of any content that has this fingerprint.
    pub fn of_fingerprint(fingerprint: u64) -> Option<&'static Self> {
        RELEASED.iter().find(|released| released.fingerprint() == fingerprint)
    }

    /// Parsed once.
    pub(crate) fn schema(&self) -> &'static Schema {
        static PARSED: LazyLock<BTreeMap<(Content, u32), Schema>> = LazyLock::new(|| {
            let parsed = RELEASED
                .iter()
                .map(|released| ((released.content, released.version), parse(released)));
            parsed.collect()
        });
        &PARSED[&(self.content, self.version)]
    }
}

fn parse(released: &Released) -> Schema {
    let (name, version) = (released.content.record_name(), released.version);
    Schema::of_reader(released.json()).unwrap_or_else(|reason| panic!("the released schema of {name}, version {version}: {reason}"))
}

impl Compatibility {
    /// As the registry's API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }
}

#[cfg(test)]
mod tests;
