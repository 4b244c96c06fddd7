//! Records that turned out to be no command, for whoever waits for an outcome that will not come.

use crate::Connection;
use std::time::Duration;
use stream::reader::{Reader, Record};

/// Reads dead letters from a point in time on.
pub(crate) struct DeadLetters {
    reader: Reader,
    commands: String,
}

const ASK_WAIT_MAX: Duration = Duration::from_secs(10);
const RECORDS_MAX: usize = 1000;

impl DeadLetters {
    /// From the end of the topic as it is now.
    pub(crate) fn open(connection: &Connection) -> anyhow::Result<Self> {
        let topology = connection.topology()?;
        let mut reader = Reader::new(&connection.settings()?, &topology.topics.dead_letters.name)?;
        reader.assign_ends(reader.partitions(ASK_WAIT_MAX)?, ASK_WAIT_MAX)?;
        let commands = topology.topics.commands.name;
        Ok(Self { reader, commands })
    }

    /// Why the record at this partition and offset of the commands topic is no command, if a letter says so that was not read before.
    pub(crate) fn reason_of(&mut self, place: (u32, i64)) -> anyhow::Result<Option<String>> {
        let (partition, offset) = (place.0.to_string(), place.1.to_string());
        let mut reason = None;
        self.reader.poll(RECORDS_MAX, Duration::ZERO, |letter| {
            let is = |name: &str, value: &str| letter.header(name) == Some(value.as_bytes());
            if is("topic", &self.commands) && is("partition", &partition) && is("offset", &offset) {
                reason = Some(text_of(letter));
            }
        })?;
        Ok(reason)
    }
}

fn text_of(letter: &Record<'_>) -> String {
    String::from_utf8_lossy(letter.header("reason").unwrap_or(b"the dead letter does not say why")).into_owned()
}
