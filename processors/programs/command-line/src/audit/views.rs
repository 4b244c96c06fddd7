//! I9: each view of each replica, compared with one that is built here from the log, at the replica's own position.

use super::{Arguments, Audit};
use crate::position::{self, Position};
use crate::{Connection, LocalView, Query, Reading};
use anyhow::{Context, anyhow, bail};
use application::{Application, View, Views, content_hash, edition};
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

/// Every view of the application at each of the addresses.
pub(super) fn compare<A: Application>(
    connection: &Connection<A>,
    arguments: &Arguments,
    topology: &Topology,
    scratch: &Path,
    audit: &mut Audit<'_, A>,
) -> anyhow::Result<()> {
    if arguments.views.is_empty() {
        return Ok(());
    }
    let mut comparing = Comparing {
        connection,
        urls: &arguments.views,
        topology,
        scratch,
        audit,
        compared: 0,
        failed: Ok(()),
    };
    A::views(&mut comparing);
    comparing.failed?;
    if comparing.compared == 0 {
        bail!("the application {} has no views that could be compared", A::NAME);
    }
    Ok(())
}

/// Takes the views of the application one after the other, until one of them cannot be compared.
struct Comparing<'c, 'a, A: Application> {
    connection: &'c Connection<A>,
    urls: &'c [String],
    topology: &'c Topology,
    scratch: &'c Path,
    audit: &'c mut Audit<'a, A>,
    compared: usize,
    failed: anyhow::Result<()>,
}

impl<A: Application> Views<A> for Comparing<'_, '_, A> {
    fn view<V: View<Event = A::Event>>(&mut self) {
        self.compared += 1;
        if self.failed.is_ok() {
            self.failed = self.compare::<V>();
        }
    }
}

impl<A: Application> Comparing<'_, '_, A> {
    /// The replicas are asked one after the other, each for a position that the view here has come to already: it only ever goes on.
    fn compare<V: View<Event = A::Event>>(&mut self) -> anyhow::Result<()> {
        let edition = edition::<V>();
        let mut oracle = Oracle::<A, V> {
            view: LocalView::open(&self.scratch.join(format!("view-{edition}")))?,
            reading: Reading::new(self.connection, self.topology)?,
            next_offsets: BTreeMap::new(),
        };
        for url in self.urls {
            let answer = ask(&Query::new(url, REQUEST_WAIT_MAX)?, url, &edition, oracle.view.position())?;
            let theirs = answer
                .content_hash
                .as_deref()
                .ok_or_else(|| anyhow!("{url} answers for {edition} without a content hash"))?;
            oracle
                .go_on_to(&answer.partitions)
                .with_context(|| format!("{edition}: the log up to the position of {url}"))?;
            let ours = format!("{:032x}", content_hash(oracle.view.read()?)?);
            self.audit.compared_view();
            if ours != theirs {
                self.audit.add(Violation {
                    invariant: Invariant::I9,
                    partition: None,
                    place: None,
                    what: format!(
                        "the view {edition} at {url} has content hash {theirs} at position {}, where the log makes {ours}",
                        position::text(&answer.partitions)
                    ),
                    records: Vec::new(),
                });
            }
        }
        Ok(())
    }
}

fn ask(http: &Query, url: &str, edition: &str, at_least: &Position) -> anyhow::Result<Answer> {
    let mut query = vec![("content_hash", "true".to_owned())];
    if !at_least.is_empty() {
        query.push(("at_least", position::text(at_least)));
    }
    let path = format!("/views/{edition}/position");
    let read = |body| serde_json::from_value(body).with_context(|| format!("{url} does not answer as a view does"));
    for _attempt in 1..TRIES_MAX {
        let answer = http.ask(&path, &query)?;
        if answer.status.is_success() {
            return read(answer.body);
        }
        if answer.status != reqwest::StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        service::clock::rest(TRY_PAUSE);
    }
    read(http.ask_for_success(&path, &query)?.body)
}

/// The view that the log makes.
struct Oracle<A: Application, V: View<Event = A::Event>> {
    view: LocalView<V>,
    reading: Reading<A>,
    next_offsets: BTreeMap<u32, i64>,
}

impl<A: Application, V: View<Event = A::Event>> Oracle<A, V> {
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
