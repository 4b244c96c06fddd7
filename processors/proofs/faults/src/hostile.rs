//! A client that writes whatever Kafka lets it write: any bytes as keys, values and names of headers, in every compression, with any time.

use crate::{Chance, Sent};
use end_to_end::{Cluster, Schedule, command, is_accepted};
use schemas::command_to_avro;
use std::collections::BTreeMap;
use std::time::Duration;
use stream::writer::{Foreign, Writer};

/// Of these, one record in so many is a command that must have its outcome.
const COMMAND_EVERY: usize = 10;
/// Commands add legs to so many rotations.
const ROTATIONS: u32 = 20;
/// Where the load's rotations are not.
const ROTATION_FIRST: u32 = 5_000;
/// One record in so many is as large as the broker takes, when it compresses well.
const HUGE_EVERY: usize = 400;
const HUGE_BYTES: [usize; 4] = [1_100_000, 3_000_000, 6_000_000, 10_000_000];
/// What a broker takes uncompressed, with what is around it.
const LARGE_BYTES_MAX: usize = 900_000;
/// Of the records with one header over and over, one in so many may have this many.
const MANY_HEADERS_EVERY: usize = 20;
const HEADERS_MAX: usize = 40_000;
const COMPRESSIONS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
/// None, long ago, before the epoch as far as may be said, and the end of the year 9999.
const TIMESTAMPS_MS: [Option<i64>; 4] = [None, Some(1), Some(-1), Some(253_402_300_799_000)];
/// Ids of schemas that no registry has, of few different ones, and one that is registered and is of something else.
const UNKNOWN_SCHEMAS: [u32; 3] = [2_000_000_001, 2_000_000_002, u32::MAX];
const FLUSH_WAIT_MAX: Duration = Duration::from_secs(120);
const PAUSE_RECORDS: usize = 500;

/// A writer with everything that it has written.
pub(crate) struct Hostile {
    /// One for each compression.
    writers: Vec<Writer>,
    topic: String,
    partitions: u32,
    command_schema: u32,
    foreign_schemas: Vec<u32>,
    chance: Chance,
    commands: u32,
    /// Acknowledged commands and how each is to be decided.
    sent: Sent,
    written: u64,
}

type Headers = Vec<(Vec<u8>, Option<Vec<u8>>)>;

impl Hostile {
    pub(crate) fn new(schedule: &Schedule, seed: u64) -> Self {
        let writer = |compression: &&str| {
            let more = [
                ("compression.type", *compression),
                ("message.max.bytes", "20000000"),
                ("linger.ms", "20"),
            ];
            Writer::new(&with(schedule.cluster(), &more)).unwrap()
        };
        let ids = schedule.ids();
        Self {
            writers: COMPRESSIONS.iter().map(writer).collect(),
            topic: schedule.topology().topics.commands.name.clone(),
            partitions: schedule.partitions(),
            command_schema: ids.command,
            foreign_schemas: [&[ids.event, ids.outcome][..], &UNKNOWN_SCHEMAS].concat(),
            chance: Chance::from_seed(seed),
            commands: 0,
            sent: Sent::default(),
            written: 0,
        }
    }

    /// Records that the broker has acknowledged, the commands among them.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The commands among them.
    pub(crate) fn sent(&self) -> &Sent {
        &self.sent
    }

    /// The commands that were written since this was asked the last time.
    pub(crate) fn take_sent(&mut self) -> Sent {
        std::mem::take(&mut self.sent)
    }

    /// Writes so many more records, and waits until the broker has them.
    pub(crate) fn write(&mut self, records: usize) {
        for index in 0..records {
            if self.chance.below(COMMAND_EVERY) == 0 {
                self.write_command();
            } else {
                self.write_any();
            }
            if index % PAUSE_RECORDS == 0 {
                self.confirm();
            }
        }
        for writer in &self.writers {
            writer.flush(FLUSH_WAIT_MAX).unwrap();
        }
        self.confirm();
    }

    fn confirm(&mut self) {
        for writer in &self.writers {
            for report in writer.reports(Duration::ZERO) {
                report
                    .written
                    .unwrap_or_else(|reason| panic!("record {} could not be written: {reason}", report.tag));
                self.written += 1;
            }
        }
    }

    /// A command as any client sends it, but for odd headers and an odd time. Those of one rotation go through one writer: they keep their order.
    fn write_command(&mut self) {
        let (rotation, number) = (ROTATION_FIRST + self.commands % ROTATIONS, self.commands / ROTATIONS);
        self.commands += 1;
        let envelope = command(rotation, number);
        let value = command_to_avro(&envelope, self.command_schema);
        // Those that say what the value is would make another record of it, or a command that is rejected.
        let is_read = |name: &[u8]| [&b"content-type"[..], b"type"].contains(&name);
        let headers: Headers = self.headers().into_iter().filter(|(name, _)| !is_read(name)).collect();
        self.sent.commands.insert(envelope.command_id, is_accepted(number));
        self.sent.records += 1;
        let writer = usize::try_from(rotation).unwrap() % self.writers.len();
        self.send(writer, Some(envelope.aggregate_id.as_bytes()), Some(&value), &headers, None);
    }

    fn write_any(&mut self) {
        let writer = self.chance.below(self.writers.len());
        let is_compressed = writer > 0;
        let key = self.key();
        let value = if is_compressed && self.chance.below(HUGE_EVERY) == 0 {
            let length = *self.chance.of(&HUGE_BYTES);
            Some(self.repeated(length))
        } else {
            self.value()
        };
        // Sometimes where its key does not belong.
        let partition = (self.chance.below(3) == 0).then(|| u32::try_from(self.chance.below(self.partitions as usize)).unwrap());
        let mut headers = self.headers();
        // What is uncompressed, or does not compress, must be small enough for the broker.
        let mut bytes = value.as_ref().map_or(0, Vec::len) + key.as_ref().map_or(0, Vec::len);
        if !is_compressed {
            headers.retain(|(name, value)| {
                bytes += name.len() + value.as_ref().map_or(0, Vec::len) + 16;
                bytes < LARGE_BYTES_MAX
            });
        }
        self.send(writer, key.as_deref(), value.as_deref(), &headers, partition);
    }

    fn send(&mut self, writer: usize, key: Option<&[u8]>, value: Option<&[u8]>, headers: &Headers, partition: Option<u32>) {
        let headers: Vec<(&[u8], Option<&[u8]>)> = headers.iter().map(|(name, value)| (name.as_slice(), value.as_deref())).collect();
        let record = Foreign {
            topic: &self.topic,
            key,
            value,
            headers: &headers,
            tag: self.writers.len(),
            partition,
            timestamp_ms: *self.chance.of(&TIMESTAMPS_MS),
        };
        self.writers[writer].send_foreign(&record).unwrap();
    }

    fn key(&mut self) -> Option<Vec<u8>> {
        match self.chance.below(8) {
            0 => None,
            1 => Some(Vec::new()),
            2 => Some(self.bytes(20)),
            3 => Some(self.bytes(3_000)),
            4 => Some(b"airport/\xff\xfe".to_vec()),
            5 => Some(format!("rotation/R{}", self.chance.below(100)).into_bytes()),
            6 => Some(vec![b'k'; self.chance.below(100_000)]),
            _ => Some(b"airplane/N475HA".to_vec()),
        }
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        Some(match self.chance.below(12) {
            0 => return None,
            1 => Vec::new(),
            2 => self.bytes(300),
            3 => {
                let length = self.chance.below(600_000);
                self.repeated(length)
            }
            // Framed as Avro: of another schema, or of ours with a body that is none.
            4..=6 => {
                let id = *self.chance.of(&self.foreign_schemas);
                framed(id, &self.bytes(200))
            }
            7 | 8 => framed(self.command_schema, &self.bytes(200)),
            9 => {
                let value = command_to_avro(&command(9, 1), self.command_schema);
                let length = self.chance.below(value.len());
                value[..length].to_vec()
            }
            10 => br#"{"command_id":1,"payload":{"Nothing":{}}}"#.to_vec(),
            // Deeper than any parser likes to go.
            _ => vec![b'['; self.chance.below(50_000)],
        })
    }

    fn headers(&mut self) -> Headers {
        let mut headers = Headers::new();
        match self.chance.below(10) {
            0..=3 => {}
            4 => {
                for _ in 0..self.chance.below(10) {
                    let (name, value) = (self.bytes(20), self.bytes(50));
                    headers.push((name, (self.chance.below(3) > 0).then_some(value)));
                }
            }
            5 => headers.push((b"caf\xe9".to_vec(), Some(b"1".to_vec()))),
            6 => {
                headers = vec![
                    (Vec::new(), None),
                    (Vec::new(), Some(Vec::new())),
                    (b"a\0b".to_vec(), Some(vec![0])),
                ]
            }
            7 => {
                let most = if self.chance.below(MANY_HEADERS_EVERY) == 0 {
                    HEADERS_MAX
                } else {
                    1_000
                };
                let count = self.chance.below(most);
                headers = (0..count).map(|_| (b"again".to_vec(), Some(b"and again".to_vec()))).collect();
            }
            8 => {
                // Names that processors write, with what a client makes of them: coordinates that may exist, or anything.
                let forged = format!("{}/{}", self.chance.below(4), self.chance.below(1_000));
                headers.push((b"forwarded-from".to_vec(), Some(forged.into_bytes())));
                for name in ["content-type", "traceparent", "reason", "topic", "offset", "owner", "type"] {
                    headers.push((name.as_bytes().to_vec(), (self.chance.below(4) > 0).then(|| self.bytes(60))));
                }
            }
            _ => {
                let length = self.chance.below(200_000);
                headers.push((b"baggage".to_vec(), Some(self.repeated(length))));
            }
        }
        headers
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.chance.below(most);
        (0..length).map(|_| u8::try_from(self.chance.below(256)).unwrap()).collect()
    }

    /// Bytes that compress well.
    fn repeated(&mut self, length: usize) -> Vec<u8> {
        let unit = [b' ', u8::try_from(self.chance.below(256)).unwrap()];
        unit.iter().copied().cycle().take(length).collect()
    }
}

/// A body with the registry's framing before it.
fn framed(schema_id: u32, body: &[u8]) -> Vec<u8> {
    [&[0][..], &schema_id.to_be_bytes(), body].concat()
}

/// The cluster's settings with others of a client.
pub(crate) fn with(cluster: &Cluster, more: &[(&str, &str)]) -> stream::Settings {
    let of = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut table: BTreeMap<String, String> = more.iter().map(of).collect();
    table.insert("bootstrap.servers".to_owned(), cluster.brokers.clone());
    stream::Settings::new(&table).unwrap()
}
