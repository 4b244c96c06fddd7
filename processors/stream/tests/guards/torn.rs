//! Events of which no outcome speaks: Kafka can tear a transaction (docs/decisions/0009), and then nothing more may be decided on top.

use crate::fixture::{BankRun, WAIT, brokers, committed_records, settings};
use bank_example::{Bank, Codec, Event};
use decider::EventEnvelope;
use stream::processor::{Guards, Trouble};
use stream::writer::{Outgoing, Writer};
use uuid::Uuid;

const LOOKS_MAX: usize = 300;

#[test]
fn a_partition_whose_last_event_has_no_outcome_is_stopped() {
    let mut run = BankRun::new("torn");
    write_event(&run);
    run.start(Guards::default(), Box::new(|_| {}));
    let is_stopped = (0..LOOKS_MAX).any(|_| {
        // Reading what there is takes a moment.
        assert_eq!(committed_records(&run.topology), 1, "it has decided something");
        run.troubles.lock().unwrap().contains(&Trouble::PartitionStopped)
    });
    assert!(is_stopped, "it goes on from half a transaction");
    run.stop();
}

fn write_event(run: &BankRun) {
    let event = EventEnvelope {
        sequence: 1,
        aggregate_id: "account/1".to_owned(),
        version: 1,
        command_id: Uuid::from_u128(1),
        command_offset: 0,
        decided_at_ms: 0,
        event: Event::Opened { holder: "Ada".to_owned() },
    };
    let mut value = Vec::new();
    decider::Codec::<Bank>::encode_event(&mut Codec::default(), &event, &mut value);
    let writer = Writer::new(&settings(&brokers())).unwrap();
    let record = Outgoing {
        topic: &run.topology.topics.events.name,
        key: Some(event.aggregate_id.as_bytes()),
        value: Some(&value),
        headers: &[],
        tag: 0,
        partition: None,
    };
    writer.send(&record).unwrap();
    writer.flush(WAIT).unwrap();
}
