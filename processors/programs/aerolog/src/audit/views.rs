//! I9: the view of each replica beside one that is built here from the log, at the replica's own position.

use super::Arguments;
use super::source::{Reading, reading};
use crate::Connection;
use crate::local_view::LocalView;
use crate::position::{self, Position};
use crate::query::Query;
use anyhow::{Context, anyhow};
use auditor::{Invariant, Violation};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use topology::Topology;

#[derive(Deserialize)]
struct Answer {
    partitions: Position,
    content_hash: Option<String>,
}

/// A view hashes all that it holds before it answers.
const REQUEST_WAIT_MAX: Duration = Duration::from_secs(120);
const TRIES_MAX: usize = 30;
const TRY_PAUSE: Duration = Duration::from_secs(1);

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
        view: LocalView::open(&scratch.join("view"))?,
        reading: reading(connection, topology)?,
        next_offsets: BTreeMap::new(),
    };
    for url in &arguments.views {
        let answer = ask(&Query::new(url, REQUEST_WAIT_MAX)?, url, oracle.view.position())?;
        let theirs = answer
            .content_hash
            .as_deref()
            .ok_or_else(|| anyhow!("{url} answers without a content hash"))?;
        oracle
            .go_on_to(&answer.partitions)
            .with_context(|| format!("the log up to the position of {url}"))?;
        let ours = format!("{:032x}", views::content_hash(oracle.view.read()?)?);
        audit.compared_view();
        if ours != theirs {
            audit.add(Violation {
                invariant: Invariant::I9,
                partition: None,
                place: None,
                what: format!(
                    "the view at {url} has content hash {theirs} at position {}, where the log makes {ours}",
                    position::text(&answer.partitions)
                ),
                records: Vec::new(),
            });
        }
    }
    Ok(())
}

fn ask(http: &Query, url: &str, at_least: &Position) -> anyhow::Result<Answer> {
    let mut query = vec![("content_hash", "true".to_owned())];
    if !at_least.is_empty() {
        query.push(("at_least", position::text(at_least)));
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
    view: LocalView,
    reading: Reading,
    next_offsets: BTreeMap<u32, i64>,
}

impl Oracle {
    fn go_on_to(&mut self, position: &Position) -> anyhow::Result<()> {
        for (partition, sequence) in position {
            if self.view.sequence_of(*partition) >= *sequence {
                continue;
            }
            let from = self.next_offsets.get(partition).copied().unwrap_or(0);
            self.reading.begin_events(*partition, from)?;
            while self.view.sequence_of(*partition) < *sequence {
                let reached = self.view.sequence_of(*partition);
                let (offset, event) = self
                    .reading
                    .next_event()?
                    .ok_or_else(|| anyhow!("partition {partition} ends at sequence {reached}, before {sequence}"))?;
                self.view.take(*partition, event)?;
                self.next_offsets.insert(*partition, offset + 1);
            }
        }
        Ok(())
    }
}
