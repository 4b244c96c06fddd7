//! Reading dead letters: records of the commands topic that turned out to be no command.

use crate::Place;
use crate::following::{ASK_WAIT_MAX, Follow};
use crate::waiting::Waiting;
use std::time::Duration;
use stream::Settings;
use stream::reader::{ReadFailure, Reader, Record};
use topology::Topology;

/// Reads dead letters from the end of their topic on.
pub(crate) struct LetterReader {
    settings: Settings,
    reader: Reader,
    commands: String,
}

const RECORDS_MAX: usize = 1000;

impl LetterReader {
    pub(crate) fn open(settings: &Settings, topology: &Topology) -> Result<Self, ReadFailure> {
        Ok(Self {
            settings: settings.clone(),
            reader: at_end(settings, &topology.topics.dead_letters.name)?,
            commands: topology.topics.commands.name.clone(),
        })
    }
}

fn at_end(settings: &Settings, topic: &str) -> Result<Reader, ReadFailure> {
    let mut reader = Reader::new(settings, topic)?;
    reader.assign_ends(reader.partitions(ASK_WAIT_MAX)?, ASK_WAIT_MAX)?;
    Ok(reader)
}

impl Follow for LetterReader {
    fn topic(&self) -> &str {
        self.reader.topic()
    }

    fn check_ends(&mut self, wait: Duration) -> Result<(), ReadFailure> {
        self.reader.checked_ends(wait).map(drop)
    }

    fn take(&mut self, wait: Duration) -> Result<impl FnOnce(&mut Waiting), ReadFailure> {
        let mut letters = Vec::new();
        let commands = &self.commands;
        self.reader
            .poll(RECORDS_MAX, wait, |letter| letters.extend(letter_of(commands, letter)))?;
        Ok(move |waiting: &mut Waiting| {
            for (place, reason) in letters {
                waiting.refused(place, reason);
            }
        })
    }

    fn reopen(&mut self) -> Result<(), ReadFailure> {
        self.reader = at_end(&self.settings, self.reader.topic())?;
        Ok(())
    }
}

/// The place of the record that a letter is about, and the reason; `None` where it is about another topic or says no place.
fn letter_of(commands: &str, letter: &Record<'_>) -> Option<(Place, String)> {
    let text = |name: &str| std::str::from_utf8(letter.header(name)?).ok();
    let place = Place {
        partition: text("partition")?.parse().ok()?,
        offset: text("offset")?.parse().ok()?,
    };
    let reason = letter.header("reason").unwrap_or(b"the dead letter does not say why");
    (text("topic")? == commands).then(|| (place, String::from_utf8_lossy(reason).into_owned()))
}
