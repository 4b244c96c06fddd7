//! What may be missing or come twice.

use super::*;
use bank_example::{Account, Accounts, Event};
use keyvalue::Read;
use uuid::Uuid;

fn event(sequence: u64, account: &str, event: Event) -> EventEnvelope<Event> {
    EventEnvelope {
        sequence,
        aggregate_id: account.to_owned(),
        version: 1,
        command_id: Uuid::nil(),
        command_offset: 0,
        decided_at_ms: 0,
        event,
    }
}

fn opened(sequence: u64, account: &str) -> EventEnvelope<Event> {
    event(
        sequence,
        account,
        Event::Opened {
            holder: account.to_owned(),
        },
    )
}

#[test]
fn partitions_may_come_in_any_order_and_each_by_itself_without_a_gap_and_without_a_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let mut view = LocalView::<Accounts>::open(&folder.path().join("view")).unwrap();
    view.take(3, opened(1, "a")).unwrap();
    view.take(0, opened(1, "b")).unwrap();
    view.take(3, event(2, "a", Event::Deposited { cents: 7 })).unwrap();
    assert_eq!(view.position(), &Position::from([(0, 1), (3, 2)]));
    let account = view
        .read()
        .unwrap()
        .get(b"account:a", |value| serde_json::from_slice::<Account>(value).unwrap());
    let (holder, cents) = ("a".to_owned(), 7);
    assert_eq!(account.unwrap(), Some(Account::Open { holder, cents }));

    let missing = view.take(0, opened(3, "d")).unwrap_err().to_string();
    assert_eq!(missing, "partition 0 has sequence 3 after 1: events are missing between them");
    let late = view.take(7, opened(2, "d")).unwrap_err().to_string();
    assert_eq!(late, "partition 7 has sequence 2 after 0: events are missing between them");
    let again = view.take(3, opened(2, "c")).unwrap_err().to_string();
    assert!(again.contains("each event has to come once"), "{again}");
}

#[test]
fn an_event_that_does_not_fit_is_named_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut view = LocalView::<Accounts>::open(&folder.path().join("view")).unwrap();
    view.take(2, opened(1, "a")).unwrap();
    view.take(2, event(2, "a", Event::Withdrawn { cents: 1 })).unwrap();
    let Err(error) = view.read() else { panic!("it fits") };
    assert!(error.to_string().contains("sequence 2 of partition 2"), "{error:#}");
}

/// A view with a bug.
#[derive(Default)]
struct Faulty;

impl View for Faulty {
    type Event = Event;
    type Question = ();
    const NAME: &'static str = "faulty";
    const VERSION: u32 = 1;
    const ROUTES: &'static [application::Route<()>] = &[];

    fn project(&mut self, _: u32, _: &EventEnvelope<Event>, _: &impl Read) -> Result<Vec<keyvalue::Mutation>, application::ProjectError> {
        panic!("a bug")
    }

    fn answer(_: &(), _: &impl Read) -> Result<Vec<u8>, application::Refusal> {
        Ok(Vec::new())
    }
}

#[test]
fn a_view_that_panics_is_an_error_with_the_place_of_the_event() {
    let folder = tempfile::tempdir().unwrap();
    let mut view = LocalView::<Faulty>::open(&folder.path().join("view")).unwrap();
    view.take(5, opened(1, "a")).unwrap();
    let Err(error) = view.read() else { panic!("it fits") };
    let text = format!("{error:#}");
    assert!(text.contains("sequence 1 of partition 5") && text.contains("panicked"), "{text}");
}
