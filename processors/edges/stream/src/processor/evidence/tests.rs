//! What records say of their commands, and of which topic those are.

use super::*;
use keyvalue::Memory;

fn records(commands: &[Option<&str>]) -> Vec<Record> {
    let found = |command: &Option<&str>| Record::of_command(command.map(|command| command.as_bytes().to_vec()));
    commands.iter().map(found).collect()
}

#[test]
fn records_of_a_former_topic_are_distinguished_from_those_of_this_one() {
    let mut evidence = Evidence::of_topic("now".to_owned());
    let are_former = evidence.note(
        0,
        &records(&[
            Some("before/148/00000000000000aa"),
            Some("before/149/00000000000000ab"),
            None,
            Some("now/0/00000000000000ac"),
            Some("nowhere/7/00000000000000ad"),
            Some("now/1/00000000000000ae"),
        ]),
    );
    assert_eq!(are_former, [true, true, false, false, true, false]);
    assert_eq!(evidence.last(0).unwrap().to_string(), "now/1/00000000000000ae");
    assert_eq!(evidence.former(0).unwrap().to_string(), "nowhere/7/00000000000000ad");
    assert!(evidence.last(1).is_none() && evidence.former(1).is_none());
}

#[test]
fn a_state_is_opened_with_the_position_that_fits_the_topic() {
    let mut store = Memory::default();
    let cursor = Cursor {
        next_command_offset: 150,
        next_event_offset: 80,
        next_outcome_offset: 160,
        sequence: 70,
        ..Cursor::default()
    };
    let mut evidence = Evidence::of_topic("before".to_owned());
    evidence.decided(0, Decided::read("before/149/00000000000000ab").unwrap());
    assert!(evidence.mutation(0, 149).is_none(), "it is not the command before that");
    store.apply(&[evidence.mutation(0, 150).unwrap()]);

    let mut same = Evidence::of_topic("before".to_owned());
    assert_eq!(same.open(&store, 0, cursor).unwrap(), cursor);
    assert_eq!(same.last(0).unwrap().next(), 150);

    let mut another = Evidence::of_topic("now".to_owned());
    let opened = another.open(&store, 0, cursor).unwrap();
    assert_eq!((opened.next_command_offset, opened.next_outcome_offset), (0, 0));
    assert_eq!((opened.sequence, opened.next_event_offset), (70, 80));
    assert_eq!(another.former(0).unwrap().next(), 150);
}
