//! The commands that wait, and which of them a report, an outcome or a dead letter answers. No I/O: they come in any order.

use crate::recent::Recent;
use crate::unreadable::Unreadable;
use crate::{Answer, Place, WaitError};
use decider::Outcome;
use std::collections::{HashMap, VecDeque};
use tokio::sync::oneshot;
use uuid::Uuid;

type Sender<T> = oneshot::Sender<Result<T, WaitError>>;

/// Commands that wait, by tag.
#[derive(Default)]
pub(crate) struct Waiting {
    commands_max: usize,
    next_tag: usize,
    waiters: HashMap<usize, Waiter>,
    by_command: HashMap<Uuid, Vec<usize>>,
    by_place: HashMap<Place, usize>,
    /// Dead letters that came while the place of some command was not known yet, oldest first.
    letters: VecDeque<(Place, String)>,
    unplaced: usize,
    recent: Recent,
    is_caught_up: bool,
}

/// One that waits.
pub(crate) enum Waiter {
    /// Until the broker has the command.
    Write(Sender<Place>),
    /// Until the command is answered.
    Answer(Box<Asked>),
}

/// A command of which the answer is waited for.
pub(crate) struct Asked {
    command_id: Uuid,
    aggregate_id: Option<String>,
    written: Written,
    /// Outcomes under the same ids that came before it was known where the command lies.
    early: Vec<(u32, Outcome)>,
    answer: Sender<Answer>,
}

#[derive(Clone, Copy)]
enum Written {
    NotYet,
    At(Place),
    /// By another client, and it is not known where.
    Elsewhere,
}

/// Resends of one command that are decided before the broker's acknowledgement of this one has arrived.
const EARLY_MAX: usize = 16;
/// Dead letters that may come before the acknowledgement of the record that they are about.
const LETTERS_MAX: usize = 10_000;

impl Waiter {
    pub(crate) fn write(written: Sender<Place>) -> Self {
        Self::Write(written)
    }

    pub(crate) fn answer(command_id: Uuid, aggregate_id: Option<&str>, answer: Sender<Answer>) -> Self {
        Self::asked(command_id, aggregate_id, Written::NotYet, answer)
    }

    pub(crate) fn attached(command_id: Uuid, aggregate_id: Option<&str>, answer: Sender<Answer>) -> Self {
        Self::asked(command_id, aggregate_id, Written::Elsewhere, answer)
    }

    fn asked(command_id: Uuid, aggregate_id: Option<&str>, written: Written, answer: Sender<Answer>) -> Self {
        Self::Answer(Box::new(Asked {
            command_id,
            aggregate_id: aggregate_id.map(str::to_owned),
            written,
            early: Vec::new(),
            answer,
        }))
    }

    fn is_unplaced(&self) -> bool {
        match self {
            Self::Write(_) => false,
            Self::Answer(asked) => matches!(asked.written, Written::NotYet),
        }
    }

    fn fail(self, error: WaitError) {
        // Where the receiver is gone, the answer is not wanted.
        match self {
            Self::Write(written) => drop(written.send(Err(error))),
            Self::Answer(asked) => drop(asked.answer.send(Err(error))),
        }
    }
}

impl Asked {
    fn is_of(&self, outcome: &Outcome) -> bool {
        let is_of_aggregate = |id: &String| *id == outcome.aggregate_id;
        self.command_id == outcome.command_id && self.aggregate_id.as_ref().is_none_or(is_of_aggregate)
    }
}

/// Whether an outcome under the command's ids answers the record at `place`, and not an earlier or a later one of the same command. In
/// another partition it lies only where a processor has forwarded the command.
fn answers(place: Place, partition: u32, outcome: &Outcome) -> bool {
    partition != place.partition || outcome.command_offset == place.offset
}

impl Waiting {
    #[cfg(test)]
    pub(crate) fn new(commands_max: usize) -> Self {
        Self::keeping(commands_max, 0)
    }

    /// One that keeps so many outcomes that are not waited for yet.
    pub(crate) fn keeping(commands_max: usize, outcomes_max: usize) -> Self {
        Self {
            commands_max,
            recent: Recent::new(outcomes_max),
            ..Self::default()
        }
    }

    pub(crate) fn commands_max(&self) -> usize {
        self.commands_max
    }

    pub(crate) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Every outcome was read that was there at the start.
    pub(crate) fn caught_up(&mut self) {
        self.is_caught_up = true;
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.is_caught_up
    }

    /// The tag of one more; `None` where as many wait as may. One that an outcome of before answers does not wait.
    pub(crate) fn add(&mut self, waiter: Waiter) -> Option<usize> {
        let waiter = match self.answered_before(waiter) {
            Ok(()) => {
                self.next_tag += 1;
                return Some(self.next_tag - 1);
            }
            Err(waiter) => waiter,
        };
        if self.waiters.len() >= self.commands_max {
            return None;
        }
        let tag = self.next_tag;
        self.next_tag += 1;
        if let Waiter::Answer(asked) = &waiter {
            self.by_command.entry(asked.command_id).or_default().push(tag);
        }
        self.unplaced += usize::from(waiter.is_unplaced());
        self.waiters.insert(tag, waiter);
        Some(tag)
    }

    fn answered_before(&self, waiter: Waiter) -> Result<(), Waiter> {
        match waiter {
            Waiter::Answer(asked) if matches!(asked.written, Written::Elsewhere) => {
                let Some((partition, outcome)) = self.recent.find(asked.command_id, asked.aggregate_id.as_deref()) else {
                    return Err(Waiter::Answer(asked));
                };
                let outcome = outcome.clone();
                drop(asked.answer.send(Ok(Answer::Outcome { partition, outcome })));
                Ok(())
            }
            waiter => Err(waiter),
        }
    }

    /// Where the command of this tag lies, if that is known.
    pub(crate) fn place(&self, tag: usize) -> Option<Place> {
        match self.waiters.get(&tag)? {
            Waiter::Answer(asked) => match asked.written {
                Written::At(place) => Some(place),
                Written::NotYet | Written::Elsewhere => None,
            },
            Waiter::Write(_) => None,
        }
    }

    /// The broker has the command of this tag, or will not have it.
    pub(crate) fn written(&mut self, tag: usize, written: Result<Place, String>) {
        let place = match written {
            Ok(place) => place,
            Err(reason) => {
                if let Some(waiter) = self.remove(tag) {
                    waiter.fail(WaitError::NotWritten { reason });
                }
                return;
            }
        };
        // A letter about it is looked for before letters are given up.
        let letter = self.letter(place);
        let Some(waiter) = self.remove(tag) else { return };
        let mut asked = match waiter {
            Waiter::Write(written) => {
                drop(written.send(Ok(place)));
                return;
            }
            Waiter::Answer(asked) => asked,
        };
        let early = std::mem::take(&mut asked.early).into_iter();
        let mut early = early.filter(|(partition, outcome)| answers(place, *partition, outcome));
        let answer = match early.next() {
            Some((partition, outcome)) => Some(Answer::Outcome { partition, outcome }),
            None => letter.map(|reason| Answer::DeadLetter { place, reason }),
        };
        if let Some(answer) = answer {
            drop(asked.answer.send(Ok(answer)));
            return;
        }
        asked.written = Written::At(place);
        self.by_command.entry(asked.command_id).or_default().push(tag);
        self.by_place.insert(place, tag);
        self.waiters.insert(tag, Waiter::Answer(asked));
    }

    /// An outcome has come.
    pub(crate) fn decided(&mut self, partition: u32, outcome: Outcome) {
        self.recent.insert(partition, &outcome);
        let Some(tags) = self.by_command.get(&outcome.command_id) else {
            return;
        };
        for tag in tags.clone() {
            let Some(Waiter::Answer(asked)) = self.waiters.get_mut(&tag) else {
                continue;
            };
            if !asked.is_of(&outcome) {
                continue;
            }
            let is_answer = match asked.written {
                Written::At(place) => answers(place, partition, &outcome),
                // The id belongs to the command that was not refused for it.
                Written::Elsewhere => !outcome.refuses_id(),
                Written::NotYet => {
                    if asked.early.len() == EARLY_MAX {
                        asked.early.remove(0);
                    }
                    asked.early.push((partition, outcome.clone()));
                    false
                }
            };
            if is_answer && let Some(Waiter::Answer(asked)) = self.remove(tag) {
                let outcome = outcome.clone();
                drop(asked.answer.send(Ok(Answer::Outcome { partition, outcome })));
            }
        }
    }

    /// A dead letter has come about the record at `place`.
    pub(crate) fn refused(&mut self, place: Place, reason: String) {
        if let Some(tag) = self.by_place.get(&place).copied() {
            if let Some(Waiter::Answer(asked)) = self.remove(tag) {
                drop(asked.answer.send(Ok(Answer::DeadLetter { place, reason })));
            }
        } else if self.unplaced > 0 {
            if self.letters.len() == LETTERS_MAX {
                self.letters.pop_front();
            }
            self.letters.push_back((place, reason));
        }
    }

    /// A record that should have been an outcome of the aggregate in its key could not be read.
    pub(crate) fn unreadable(&mut self, topic: &str, record: Unreadable) {
        let Unreadable {
            partition,
            offset,
            key,
            reason,
        } = record;
        let is_of_aggregate = |waiter: &Waiter| match waiter {
            Waiter::Answer(asked) => asked.aggregate_id.as_ref().map(String::as_bytes) == key.as_deref(),
            Waiter::Write(_) => false,
        };
        let tags: Vec<usize> = self
            .waiters
            .iter()
            .filter(|(_, waiter)| is_of_aggregate(waiter))
            .map(|(tag, _)| *tag)
            .collect();
        for waiter in tags.into_iter().filter_map(|tag| self.remove(tag)).collect::<Vec<_>>() {
            waiter.fail(WaitError::Unreadable {
                topic: topic.to_owned(),
                partition,
                offset,
                reason: reason.clone(),
            });
        }
    }

    /// The command of this tag is waited for no longer.
    pub(crate) fn forget(&mut self, tag: usize) {
        drop(self.remove(tag));
    }

    /// What was to come may have gone by.
    pub(crate) fn fail_all(&mut self, error: &WaitError) {
        let waiters = std::mem::take(&mut self.waiters);
        self.by_command.clear();
        self.by_place.clear();
        self.letters.clear();
        self.unplaced = 0;
        for waiter in waiters.into_values() {
            waiter.fail(error.clone());
        }
    }

    fn letter(&mut self, place: Place) -> Option<String> {
        self.letters
            .iter()
            .find(|(about, _)| *about == place)
            .map(|(_, reason)| reason.clone())
    }

    fn remove(&mut self, tag: usize) -> Option<Waiter> {
        let waiter = self.waiters.remove(&tag)?;
        if let Waiter::Answer(asked) = &waiter {
            if let Some(tags) = self.by_command.get_mut(&asked.command_id) {
                tags.retain(|other| *other != tag);
                if tags.is_empty() {
                    self.by_command.remove(&asked.command_id);
                }
            }
            if let Written::At(place) = asked.written {
                self.by_place.remove(&place);
            }
        }
        if waiter.is_unplaced() {
            self.unplaced -= 1;
            if self.unplaced == 0 {
                self.letters.clear();
            }
        }
        Some(waiter)
    }
}

#[cfg(test)]
mod tests;
