//! How librdkafka is configured, for each role. What would break the guarantees is fixed here, and refused where a user sets it.

mod brokers;
mod fixed;

use brokers::KnownBrokers;
use fixed::FIXED;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The user's `[kafka]` table, checked. Everything that librdkafka understands may be in it, but for what is fixed.
#[derive(Clone)]
pub struct Settings {
    user: BTreeMap<String, String>,
    /// Shared with all clones: clients that are created later find brokers that have moved meanwhile.
    known: KnownBrokers,
}

/// A setting that is missing or may not be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("[kafka] lacks bootstrap.servers: say where the brokers are, for example AEROLOG_KAFKA__BOOTSTRAP_SERVERS=localhost:9092")]
    NoBrokers,
    #[error("[kafka] sets {name}, which is fixed to {value}: {reason}")]
    Fixed {
        name: String,
        value: &'static str,
        reason: &'static str,
    },
    #[error("[kafka] sets {name}, which has to be a whole number of milliseconds from {least_ms} to {most_ms}, without a unit")]
    NotMilliseconds { name: &'static str, least_ms: u64, most_ms: u64 },
    #[error("[kafka] sets {name} to {value}, but {bound} is the {} that works: {reason}", if *is_most { "most" } else { "least" })]
    OutOfBounds {
        name: &'static str,
        value: String,
        bound: i64,
        is_most: bool,
        reason: &'static str,
    },
    #[error("[kafka] sets {name}, which librdkafka does not take: {reason}")]
    Refused { name: String, reason: String },
}

/// Times that this crate computes with, each with its least and most milliseconds. librdkafka also takes `0x64` and `100abc`, and the guards would
/// count on another value than the one in force.
const MILLISECONDS: &[(&str, u64, u64)] = &[
    ("retry.backoff.ms", 10, 300_000),
    ("retry.backoff.max.ms", 10, 300_000),
    ("session.timeout.ms", 1, 3_600_000),
    ("heartbeat.interval.ms", 1, 3_600_000),
    ("max.poll.interval.ms", 1, 86_400_000),
    ("transaction.timeout.ms", 1_000, 900_000),
    ("message.timeout.ms", 1, 900_000),
    ("socket.timeout.ms", 10, 300_000),
];

/// A setting that may be changed in one direction only.
struct Bound {
    name: &'static str,
    bound: i64,
    is_most: bool,
    reason: &'static str,
}

const BOUNDS: &[Bound] = &[
    Bound {
        name: "message.max.bytes",
        bound: MESSAGE_BYTES_MAX,
        is_most: false,
        reason: "a dead letter would not fit",
    },
    Bound {
        name: "batch.size",
        bound: 1_000_000,
        is_most: true,
        reason: "the topics take batches of 1 MiB, and a larger one would be refused again and again",
    },
];

/// Where users set nothing: measured on one broker, or lower than librdkafka's so that a loss is noticed sooner.
const DEFAULTS: &[(&str, &str)] = &[
    ("socket.keepalive.enable", "true"),
    ("socket.nagle.disable", "true"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    // A client whose partitions had no leader for a moment, because their broker was stopped, was seen to wait for the next refresh: 200 s and more of
    // silence, at the default of five minutes.
    ("topic.metadata.refresh.interval.ms", "10000"),
];
const CONSUMER_DEFAULTS: &[(&str, &str)] = &[
    // At its default of one second a draining consumer runs at a third of its speed.
    ("fetch.queue.backoff.ms", "10"),
    ("queued.min.messages", "20000"),
    ("queued.max.messages.kbytes", "16384"),
    ("fetch.wait.max.ms", "100"),
];
const PRODUCER_DEFAULTS: &[(&str, &str)] = &[
    ("compression.type", "lz4"),
    ("linger.ms", "5"),
    ("batch.num.messages", "20000"),
    ("queue.buffering.max.messages", "500000"),
    ("queue.buffering.max.kbytes", "262144"),
];

/// From each partition at a time. Events of aggregates that refer to each other are then read at about the same time, whatever their partitions
/// are: with librdkafka's 1 MB a view that is rebuilt had read some partitions to their end before it had read the first event of others.
const TURN_BYTES: &str = "65536";
/// What a reader of single records has in memory, at most.
const SPARING_QUEUE_KIB: &str = "1024";

/// A broker answers a follower that has read everything when there is so much, or after `fetch.wait.max.ms`. Otherwise it would answer each of them after each
/// transaction of any processor.
const FOLLOWING_FETCH_BYTES_MIN: &str = "65536";

/// What a take-over waits for at the end of the log.
const IMPATIENT_FETCH_WAIT_MAX_MS: &str = "10";

/// Kafka Streams' value; far below `socket.timeout.ms`, so that a request that late meets a transaction that has ended.
const TRANSACTION_TIMEOUT_MS: &str = "10000";
/// A guard counts on them: what takes four fifths of the first may have been sent twice. librdkafka's own is 100, which busy brokers need for one answer now
/// and then (docs/decisions/0005).
const RETRY_BACKOFF_MS: &str = "250";
const RETRY_BACKOFF_MAX_MS: &str = "1000";
/// The broker's least for the classic protocol.
const SESSION_TIMEOUT_MS: &str = "6000";
/// A member hears with the answer to its heartbeat that partitions of a dead one are to be shared: they lie idle until then.
const HEARTBEAT_INTERVAL_MS: &str = "100";
const MAX_POLL_INTERVAL_MS: &str = "60000";
/// The largest dead letter with its headers.
const MESSAGE_BYTES_MAX: i64 = topology::MESSAGE_BYTES_MAX as i64;

impl Settings {
    /// Checks a `[kafka]` table: names and values that librdkafka does not take are found here, before any client is made.
    pub fn new(user: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        for (name, value, reason) in FIXED {
            if user.contains_key(*name) {
                return Err(SettingsError::Fixed {
                    name: (*name).to_owned(),
                    value,
                    reason,
                });
            }
        }
        if user.get("bootstrap.servers").is_none_or(|brokers| brokers.trim().is_empty()) {
            return Err(SettingsError::NoBrokers);
        }
        for (name, least_ms, most_ms) in MILLISECONDS {
            if user.get(*name).is_some_and(|text| !is_whole_number(text, *least_ms, *most_ms)) {
                return Err(SettingsError::NotMilliseconds {
                    name,
                    least_ms: *least_ms,
                    most_ms: *most_ms,
                });
            }
        }
        for Bound {
            name,
            bound,
            is_most,
            reason,
        } in BOUNDS
        {
            let set = user.get(*name).and_then(|value| Some((value, value.trim().parse::<i64>().ok()?)));
            if let Some((value, number)) = set
                && if *is_most { number > *bound } else { number < *bound }
            {
                return Err(SettingsError::OutOfBounds {
                    name,
                    value: value.clone(),
                    bound: *bound,
                    is_most: *is_most,
                    reason,
                });
            }
        }
        let settings = Self {
            user: user.clone(),
            known: KnownBrokers::default(),
        };
        match settings.admin().create_native_config() {
            Err(KafkaError::ClientConfig(_, reason, name, _)) => Err(SettingsError::Refused { name, reason }),
            // What is wrong with all settings together shows when a client is made of them.
            Ok(_) | Err(_) => Ok(settings),
        }
    }

    /// For a member of a processor's group. It begins at offsets of its own.
    pub fn group_consumer(&self, group: &str, instance_id: &str) -> ClientConfig {
        let mut config = self.consumer(&[
            ("session.timeout.ms", SESSION_TIMEOUT_MS),
            ("heartbeat.interval.ms", HEARTBEAT_INTERVAL_MS),
        ]);
        config
            .set("max.poll.interval.ms", self.or("max.poll.interval.ms", MAX_POLL_INTERVAL_MS))
            .set("group.id", group)
            .set("group.instance.id", instance_id)
            .set("group.protocol", "classic")
            // The end of a partition distinguishes control records, which have offsets, from commands that are still to come.
            .set("enable.partition.eof", "true")
            .set("partition.assignment.strategy", "range");
        config
    }

    /// For a reader of partitions that it chose itself.
    pub fn reader(&self) -> ClientConfig {
        let mut config = self.consumer(&[]);
        // librdkafka wants a name, though no group is ever joined and no offset committed.
        config
            .set("group.id", topology::acls::READERS_GROUP)
            .set("enable.partition.eof", "true");
        config
    }

    /// For a reader of a whole log, who gets a little of each partition at a time.
    pub(crate) fn turn_taking_reader(&self) -> ClientConfig {
        let mut config = self.reader();
        config.set("fetch.message.max.bytes", self.or("fetch.message.max.bytes", TURN_BYTES));
        config
    }

    /// For a reader that may read a record a tenth of a second late.
    pub(crate) fn following_reader(&self) -> ClientConfig {
        let mut config = self.turn_taking_reader();
        config.set("fetch.min.bytes", self.or("fetch.min.bytes", FOLLOWING_FETCH_BYTES_MIN));
        config
    }

    /// For a reader that is to notice an end soon.
    pub(crate) fn impatient_reader(&self) -> ClientConfig {
        let mut config = self.reader();
        config.set("fetch.wait.max.ms", self.or("fetch.wait.max.ms", IMPATIENT_FETCH_WAIT_MAX_MS));
        config
    }

    /// For a reader of one record of each partition that is to come soon.
    pub(crate) fn glancing_reader(&self) -> ClientConfig {
        let mut config = self.impatient_reader();
        config.set("fetch.message.max.bytes", TURN_BYTES);
        config
    }

    /// For a reader of single records: what comes with them is thrown away, so that little comes.
    pub(crate) fn sparing_reader(&self) -> ClientConfig {
        let mut config = self.reader();
        config
            .set("fetch.message.max.bytes", TURN_BYTES)
            .set("queued.max.messages.kbytes", SPARING_QUEUE_KIB);
        config
    }

    /// For a reader that sees what was aborted, too, next to one that does not. Nothing that it reads is ever folded.
    pub fn witness(&self) -> ClientConfig {
        let mut config = self.reader();
        config.set("isolation.level", "read_uncommitted");
        config
    }

    /// For looking at a group and its topics from outside, open transactions included. Nothing that it reads is ever folded.
    pub fn group_inspector(&self, group: &str) -> ClientConfig {
        let mut config = self.consumer(&[]);
        config.set("group.id", group).set("isolation.level", "read_uncommitted");
        config
    }

    /// For one transaction at a time.
    pub fn transactional_producer(&self, transactional_id: &str) -> ClientConfig {
        let mut config = self.producer();
        config
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", self.or("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS))
            .set("message.timeout.ms", self.or("message.timeout.ms", TRANSACTION_TIMEOUT_MS))
            .set("retry.backoff.ms", self.or("retry.backoff.ms", RETRY_BACKOFF_MS))
            .set("retry.backoff.max.ms", self.or("retry.backoff.max.ms", RETRY_BACKOFF_MAX_MS));
        config
    }

    /// A request that found no answer is sent again after this at the earliest: what took less was sent once. librdkafka waits
    /// `retry.backoff.ms`, twice as long after each further attempt and at most `retry.backoff.max.ms`, each time less a fifth of it at random
    /// (rd_kafka_broker_buf_retry).
    pub(crate) fn retry_backoff_min(&self) -> Duration {
        let first = self.milliseconds("retry.backoff.ms", RETRY_BACKOFF_MS);
        first.min(self.milliseconds("retry.backoff.max.ms", RETRY_BACKOFF_MAX_MS)) * 4 / 5
    }

    /// After so long without a heartbeat the group takes a member for dead.
    pub(crate) fn session_timeout(&self) -> Duration {
        self.milliseconds("session.timeout.ms", SESSION_TIMEOUT_MS)
    }

    /// For a client that writes records without a transaction.
    pub fn writer(&self) -> ClientConfig {
        self.producer()
    }

    /// For looking at the cluster and creating topics.
    pub fn admin(&self) -> ClientConfig {
        self.common(&[])
    }

    fn producer(&self) -> ClientConfig {
        let mut config = self.common(&[PRODUCER_DEFAULTS]);
        config
            .set("partitioner", "murmur2_random")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("message.max.bytes", self.or("message.max.bytes", &MESSAGE_BYTES_MAX.to_string()));
        config
    }

    fn consumer(&self, defaults: &[(&str, &str)]) -> ClientConfig {
        let mut config = self.common(&[CONSUMER_DEFAULTS, defaults]);
        config
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("check.crcs", "true");
        config
    }

    fn common(&self, defaults: &[&[(&str, &str)]]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(rdkafka::config::RDKafkaLogLevel::Warning);
        for (name, value) in DEFAULTS.iter().chain(defaults.iter().copied().flatten()) {
            config.set(*name, *value);
        }
        for (name, value) in &self.user {
            config.set(name, value);
        }
        config
            .set("allow.auto.create.topics", "false")
            .set("bootstrap.servers", self.known.and(self.or("bootstrap.servers", "")));
        config
    }

    /// Notes where the cluster says that its brokers are now.
    pub(crate) fn note_brokers(&self, brokers: impl Iterator<Item = (impl AsRef<str>, i32)>) {
        self.known.note(brokers);
    }

    /// One of [`MILLISECONDS`], which was checked when it was given.
    fn milliseconds(&self, name: &str, default: &str) -> Duration {
        let milliseconds = self.or(name, default).parse();
        Duration::from_millis(milliseconds.expect("times that are computed with are checked in Settings::new"))
    }

    fn or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.user.get(name).map_or(default, String::as_str)
    }
}

fn is_whole_number(text: &str, least: u64, most: u64) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse().is_ok_and(|number| (least..=most).contains(&number))
}

/// Values may be secrets: only names are shown, and where the brokers are.
impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &str, value: &str| {
            if name == "bootstrap.servers" {
                value.to_owned()
            } else {
                "…".to_owned()
            }
        };
        formatter
            .debug_map()
            .entries(self.user.iter().map(|(name, value)| (name, shown(name, value))))
            .finish()
    }
}

#[cfg(test)]
mod tests;
