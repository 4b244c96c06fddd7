//! I9: the view of each replica beside one that is built here from the log, at the replica's own position.

use super::Arguments;
use super::source::{Reading, reading};
use crate::Connection;
use crate::query::Query;
use anyhow::{Context, anyhow};
use auditor::{Invariant, Violation};
use decider::EventEnvelope;
use keyvalue::Overlay;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use store::{Sizing, Store};
use topology::Topology;
use views::{Fact, Projector};

/// The sequence of each partition.
type Position = BTreeMap<u32, u64>;

#[derive(Deserialize)]
struct Answer {
    partitions: Position,
    content_hash: Option<String>,
}

/// A view hashes all that it holds before it answers.
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(120);
const TRIES_MAX: usize = 30;
const TRY_PAUSE: Duration = Duration::from_secs(1);
/// Events that are applied, and written, at a time.
const EVENTS_MAX: usize = 2000;

/// The replicas are asked one after the other, each for a position that the view here has come to already: it only ever goes on.
pub(super) fn compare(
    connection: &Connection,
    arguments: &Arguments,
    topology: &Topology,
    scratch: &Path,
    audit: &mut super::Audit<'_>,
) -> anyhow::Result<()> {
    if arguments.views.is_empty() {
        return Ok(());
    }
    let mut oracle = Oracle {
        store: Store::open(&scratch.join("view"), Sizing::default())?,
        reading: reading(connection, topology)?,
        position: (0..topology.partitions).map(|partition| (partition, 0)).collect(),
        next_offsets: BTreeMap::new(),
    };
    for url in &arguments.views {
        let answer = ask(&Query::new(url, REQUEST_WAIT_MAX)?, url, &oracle.position)?;
        let theirs = answer
            .content_hash
            .as_deref()
            .ok_or_else(|| anyhow!("{url} answers without a content hash"))?;
        oracle
            .go_on_to(&answer.partitions)
            .with_context(|| format!("the log up to the position of {url}"))?;
        let ours = format!("{:032x}", views::content_hash(&oracle.store)?);
        audit.compared_view();
        if ours != theirs {
            let position: Vec<String> = answer
                .partitions
                .iter()
                .map(|(number, sequence)| format!("{number}:{sequence}"))
                .collect();
            audit.add(Violation {
                invariant: Invariant::I9,
                partition: None,
                place: None,
                what: format!(
                    "the view at {url} has content hash {theirs} at position {}, where the log makes {ours}",
                    position.join(",")
                ),
                records: Vec::new(),
            });
        }
    }
    Ok(())
}

fn ask(http: &Query, url: &str, at_least: &Position) -> anyhow::Result<Answer> {
    let wanted: Vec<String> = at_least
        .iter()
        .filter(|(_, sequence)| **sequence > 0)
        .map(|(partition, sequence)| format!("{partition}:{sequence}"))
        .collect();
    let mut query = vec![("content_hash", "true".to_owned())];
    if !wanted.is_empty() {
        query.push(("at_least", wanted.join(",")));
    }
    let read = |body| serde_json::from_value(body).with_context(|| format!("{url} does not answer as a view does"));
    for _attempt in 1..TRIES_MAX {
        let answer = http.ask("/position", &query)?;
        if answer.status.is_success() {
            return read(answer.body);
        }
        if answer.status != reqwest::StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        service::clock::rest(TRY_PAUSE);
    }
    read(http.ask_for_success("/position", &query)?.body)
}

/// The view that the log makes.
struct Oracle {
    store: Store,
    reading: Reading,
    position: Position,
    next_offsets: BTreeMap<u32, i64>,
}

impl Oracle {
    fn go_on_to(&mut self, position: &Position) -> anyhow::Result<()> {
        for (partition, sequence) in position {
            let from = *self.next_offsets.entry(*partition).or_insert(0);
            let mut reached = self.position.get(partition).copied().unwrap_or(0);
            let (mut facts, mut next) = (Vec::new(), from);
            if reached < *sequence {
                self.reading.begin_events(*partition, from)?;
            }
            while reached < *sequence {
                let (offset, event) = self
                    .reading
                    .next_event()?
                    .ok_or_else(|| anyhow!("partition {partition} ends at sequence {reached}, before {sequence}"))?;
                (next, reached) = (offset + 1, event.sequence);
                facts.push(fact(*partition, event)?);
                if facts.len() >= EVENTS_MAX {
                    apply(&self.store, &std::mem::take(&mut facts))?;
                }
            }
            apply(&self.store, &facts)?;
            self.next_offsets.insert(*partition, next);
            self.position.insert(*partition, reached);
        }
        Ok(())
    }
}

fn apply(store: &Store, facts: &[Fact]) -> anyhow::Result<()> {
    let mut overlay = Overlay::new(store);
    let mut projector = Projector::default();
    for fact in facts {
        let mutations = projector.project(fact, &overlay)?;
        overlay.apply(mutations);
    }
    Ok(store.apply(&overlay.into_mutations())?)
}

fn fact(partition: u32, event: EventEnvelope<domain::Event>) -> anyhow::Result<Fact> {
    Ok(Fact::from_envelope(partition, event)?)
}
