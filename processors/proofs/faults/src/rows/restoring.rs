//! The events topic was deleted, and comes back from a copy: as docs/operations.md says.

use crate::Ground;
use crate::audit;
use crate::kafka::delete_topic;
use crate::rows::topics::{NOTICE_WAIT_MAX, Running};
use crate::rows::{Needs, Row};
use end_to_end::within;
use std::collections::BTreeMap;
use std::time::Duration;
use stream::admin::Admin;
use stream::reader::Reader;
use stream::writer::Outgoing;

pub(super) const ROWS: &[Row] = &[Row {
    number: 69,
    name: "events-restored",
    what: "the events topic is deleted and restored from a copy, as advised: processors with empty states and a new view go on, nothing is lost",
    needs: Needs::Broker,
    run: events_restored,
}];

/// A record as a backup has it.
struct Kept {
    partition: u32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
}

const POLL_WAIT: Duration = Duration::from_millis(100);

fn events_restored(ground: &Ground) {
    let mut running = Running::begin(ground, "restored");
    running.fleet.stop("one");
    let topic = running.schedule.topology().topics.events.name.clone();
    let kept = copy_of(ground, &topic, running.schedule.partitions());
    delete_topic(ground.cluster(), &topic);
    running.start_processor("one");
    running.ends_saying("one", &["missing"]);
    let (admin, topology) = (
        Admin::new(&ground.cluster().settings()).unwrap(),
        running.schedule.topology().clone(),
    );
    admin.apply(&topology).unwrap();
    within(NOTICE_WAIT_MAX, "the topic is there again", || {
        admin.check(&topology).unwrap().is_empty()
    });
    running.schedule.renew_writer();
    for record in &kept {
        let headers: Vec<(&str, &[u8])> = record
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        running.schedule.write(&Outgoing {
            topic: &topic,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
            tag: 0,
            partition: Some(record.partition),
        });
    }
    running.schedule.flush();
    // The state that was kept knows the former topic.
    running.start_processor("one");
    running.ends_saying("one", &["nothing gives them back but a backup", "is not touched"]);
    running.lose_state("one");
    running.processor("one");
    running.decide_more();
    running.fleet.start_materializer(&running.schedule, "view", &[]);
    running.fleet.wait_until_ready("view");
    let views = [running.fleet.program("view").url("")];
    ground.tell(&audit::audit(&running.schedule, ground.folder(), running.decided() as u64, &views));
    running.fleet.stop("view");
    running.fleet.stop("one");
}

/// All records of a topic in their partitions and order.
fn copy_of(ground: &Ground, topic: &str, partitions: u32) -> Vec<Kept> {
    let mut reader = Reader::new(&ground.cluster().settings(), topic).unwrap();
    let from: BTreeMap<u32, i64> = (0..partitions).map(|partition| (partition, 0)).collect();
    reader.assign(&from, NOTICE_WAIT_MAX).unwrap();
    let (mut kept, mut open) = (Vec::new(), from.len());
    while open > 0 {
        let polled = reader.poll(1_000, POLL_WAIT, |record| {
            let headers = record.headers().map(|(name, value)| {
                let name = String::from_utf8_lossy(name).into_owned();
                (name, value.unwrap_or_default().to_vec())
            });
            kept.push(Kept {
                partition: record.partition,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: headers.collect(),
            });
        });
        open -= polled.unwrap().ended.len();
    }
    assert!(kept.len() > 50, "{} events are too few to show anything", kept.len());
    kept
}
