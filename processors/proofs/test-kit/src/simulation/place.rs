//! Where a processor or a replica keeps its state: what survives a crash, and what survives a loss of power.

use keyvalue::{Memory, Mutation, Read, ReadError, Visit};
use keyvalue::{Order, WriteError};

/// A state directory.
pub trait Place: Read {
    /// A new and empty one.
    fn new() -> Self;

    fn apply(&mut self, mutations: &[Mutation]) -> Result<(), WriteError>;

    /// The process dies and opens the directory again.
    fn reopen(&mut self);

    /// The machine waits for its disk.
    fn flush(&mut self);

    /// The machine dies: what was written since the last flush is gone, from the end on.
    fn lose_power(&mut self);

    /// A copy of the directory is kept.
    fn keep_copy(&mut self);

    /// The copy is put back: the state is an old one. `false` where there is none.
    fn restore_copy(&mut self) -> bool;

    /// The directory is deleted.
    fn wipe(&mut self);
}

/// A directory in memory.
#[derive(Default)]
pub struct InMemory {
    content: Memory,
    flushed: Memory,
    copy: Option<Memory>,
}

impl Place for InMemory {
    fn new() -> Self {
        Self::default()
    }

    fn apply(&mut self, mutations: &[Mutation]) -> Result<(), WriteError> {
        self.content.apply(mutations);
        Ok(())
    }

    fn reopen(&mut self) {}

    fn flush(&mut self) {
        self.flushed = self.content.clone();
    }

    fn lose_power(&mut self) {
        self.content = self.flushed.clone();
    }

    fn keep_copy(&mut self) {
        self.copy = Some(self.content.clone());
    }

    fn restore_copy(&mut self) -> bool {
        let Some(copy) = self.copy.clone() else { return false };
        (self.content, self.flushed) = (copy.clone(), copy);
        true
    }

    fn wipe(&mut self) {
        (self.content, self.flushed) = (Memory::default(), Memory::default());
    }
}

impl Read for InMemory {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        self.content.get(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.content.scan(from, to, order, visit)
    }
}
