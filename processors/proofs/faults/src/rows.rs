//! The fault matrix: every row a scenario of its own that takes less than a minute.
//!
//! A file holds the rows of one kind of fault and lists them in its `ROWS`.

mod aborted;
mod brokers;
mod bugs;
mod clocks;
mod directories;
mod disks;
mod full_disks;
mod gateways;
mod hanging;
mod hostile;
mod instances;
mod killing;
mod limits;
mod migrating;
mod network;
mod outcomes;
mod pausing;
mod readers;
mod records;
mod recovering;
mod refused;
mod registry;
mod registry_lost;
mod restoring;
mod rights;
mod rivals;
mod rude_clients;
mod small_disk;
mod tampering;
mod together;
mod topics;
mod views;

use crate::Ground;

/// One row of the matrix; several may share a number.
pub struct Row {
    /// As in docs/faults.md.
    pub number: u32,
    pub name: &'static str,
    /// What is done, and what must come of it, in one sentence.
    pub what: &'static str,
    pub needs: Needs,
    pub run: fn(&Ground),
}

/// What a row does to the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it has topics of its own on a broker that others may use meanwhile.
    Broker,
    /// It stops, kills or suspends the broker or the registry.
    BrokerOfItsOwn,
    /// Three brokers, which it starts itself.
    ThreeBrokers,
}

impl Needs {
    /// A word for lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broker => "any broker",
            Self::BrokerOfItsOwn => "own broker",
            Self::ThreeBrokers => "three brokers",
        }
    }
}

/// All rows, by number.
pub fn all() -> Vec<&'static Row> {
    let mut rows: Vec<&'static Row> = [
        killing::ROWS,
        pausing::ROWS,
        instances::ROWS,
        migrating::ROWS,
        network::ROWS,
        brokers::ROWS,
        bugs::ROWS,
        together::ROWS,
        clocks::ROWS,
        directories::ROWS,
        disks::ROWS,
        readers::ROWS,
        rude_clients::ROWS,
        gateways::ROWS,
        records::ROWS,
        recovering::ROWS,
        outcomes::ROWS,
        hanging::ROWS,
        refused::ROWS,
        rights::ROWS,
        hostile::ROWS,
        registry::ROWS,
        registry_lost::ROWS,
        tampering::ROWS,
        restoring::ROWS,
        topics::ROWS,
        views::ROWS,
        aborted::ROWS,
        full_disks::ROWS,
        rivals::ROWS,
        limits::ROWS,
    ]
    .into_iter()
    .flatten()
    .collect();
    rows.sort_by_key(|row| row.number);
    rows
}

impl Row {
    /// What it is called where its folder and its result are.
    pub fn label(&self) -> String {
        format!("{}-{}", self.number, self.name)
    }
}

/// The rows that these words name: `all`, a number, a name, or both with a hyphen between them.
///
/// # Errors
/// The word that names none.
pub fn chosen(words: &[String]) -> Result<Vec<&'static Row>, String> {
    let rows = all();
    let mut chosen: Vec<&'static Row> = Vec::new();
    for word in words {
        let fits = |row: &&&'static Row| word == "all" || word == row.name || word.parse() == Ok(row.number) || *word == row.label();
        let found: Vec<_> = rows.iter().filter(fits).copied().collect();
        if found.is_empty() {
            return Err(format!("no row is called {word}; --list shows them all"));
        }
        chosen.extend(found);
    }
    Ok(chosen)
}

/// Runs a row on the broker of the test suite.
///
/// # Panics
/// When the row fails, or needs a broker of its own.
pub fn in_suite(name: &str) {
    let row = all()
        .into_iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("no row is called {name}"));
    assert_eq!(row.needs, Needs::Broker, "{name} does something to the broker that other tests use");
    let folder = tempfile::tempdir().unwrap();
    (row.run)(&Ground::new(folder.path(), 1));
}
