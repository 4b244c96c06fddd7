//! Every combination of sources of a position: nothing is believed that could skip or repeat a command.

use super::*;
use crate::offset_metadata::OffsetMetadata;

fn decided(topic_id: &str, offset: i64, fingerprint: Option<u64>) -> Decided {
    Decided {
        topic_id: topic_id.to_owned(),
        offset,
        fingerprint,
    }
}

/// As a processor commits an offset: with the command before it.
fn signed(topic_id: &str, offset: i64) -> Committed {
    Committed {
        offset,
        metadata: OffsetMetadata {
            transactional_id: "group-one".to_owned(),
            last: Some(decided(topic_id, offset - 1, Some(7))),
            ..OffsetMetadata::default()
        },
    }
}

/// As a tool commits one.
fn unsigned(offset: i64) -> Committed {
    Committed {
        offset,
        metadata: OffsetMetadata::default(),
    }
}

fn chosen(
    next: i64,
    last: Option<&Decided>,
    former: Option<&Decided>,
    committed: Option<&Committed>,
) -> Result<Position, PositionConflict> {
    choose(&PositionSources {
        topic_id: "now",
        next,
        last,
        former,
        committed,
    })
}

#[test]
fn an_offset_that_a_tool_set_or_that_has_expired_is_replaced_by_what_outcomes_tell() {
    let last = decided("now", 9, Some(3));
    let expected = Position {
        next: 10,
        last: Some(last.clone()),
    };
    for committed in [None, Some(unsigned(0)), Some(unsigned(10)), Some(unsigned(5_000))] {
        assert_eq!(
            chosen(10, Some(&last), None, committed.as_ref()),
            Ok(expected.clone()),
            "{committed:?}"
        );
    }
}

#[test]
fn dead_letters_behind_the_last_outcome_are_known_by_the_signed_offset_alone() {
    let last = decided("now", 9, Some(3));
    let committed = signed("now", 12);
    let expected = Position {
        next: 12,
        last: committed.metadata.last.clone(),
    };
    assert_eq!(chosen(10, Some(&last), None, Some(&committed)), Ok(expected));
}

#[test]
fn a_signed_offset_before_outcomes_is_not_believed() {
    assert_eq!(
        chosen(10, None, None, Some(&signed("now", 9))),
        Err(PositionConflict::StateAhead { committed: 9 })
    );
}

#[test]
fn a_position_in_a_former_topic_is_never_one_in_this_topic() {
    let former = decided("before", 149, Some(3));
    for committed in [None, Some(unsigned(0)), Some(unsigned(150)), Some(signed("before", 150))] {
        let found = chosen(0, None, Some(&former), committed.as_ref());
        let signed = committed.as_ref().and_then(|committed| committed.metadata.last.clone());
        assert_eq!(
            found,
            Err(PositionConflict::Recreated(signed.unwrap_or(former.clone()))),
            "{committed:?}"
        );
    }
    // The offset's metadata alone shows it, too: without outcomes and without a state.
    let committed = signed("before", 150);
    let found = chosen(0, None, None, Some(&committed));
    assert_eq!(found, Err(PositionConflict::Recreated(committed.metadata.last.unwrap())));
}

#[test]
fn a_topic_that_was_gone_on_with_is_gone_on_with_whatever_came_before() {
    let former = decided("before", 149, Some(3));
    let last = decided("now", 4, Some(3));
    // An operator has said so, and nothing was decided yet.
    let begun = Committed {
        metadata: OffsetMetadata {
            last: Some(decided("now", -1, None)),
            ..signed("now", 0).metadata
        },
        ..signed("now", 0)
    };
    let position = chosen(0, None, Some(&former), Some(&begun)).unwrap();
    assert_eq!(position.next, 0);
    // Outcomes say so, whatever became of the offset.
    for committed in [None, Some(unsigned(77)), Some(signed("before", 150)), Some(signed("now", 5))] {
        let position = chosen(5, Some(&last), Some(&former), committed.as_ref()).unwrap();
        assert_eq!(position.next, 5, "{committed:?}");
    }
}

#[test]
fn a_new_group_on_new_topics_begins_at_the_beginning() {
    let position = chosen(0, None, None, None).unwrap();
    assert_eq!(position, Position { next: 0, last: None });
}

#[test]
fn a_position_is_borne_out_by_the_record_before_it_and_by_nothing_else() {
    let marks = |low, high| Watermarks { low, high };
    let at = |next, fingerprint| Position {
        next,
        last: Some(decided("now", next - 1, fingerprint)),
    };
    for (position, marks, found, expected) in [
        (at(10, Some(7)), marks(0, 10), Some(7), None),
        (at(10, Some(7)), marks(0, 40), Some(7), None),
        (at(10, Some(7)), marks(0, 40), Some(8), Some(Contradiction::Differs)),
        (at(10, Some(7)), marks(0, 40), None, Some(Contradiction::Differs)),
        (at(10, Some(7)), marks(0, 9), None, Some(Contradiction::Cut)),
        (at(10, Some(7)), marks(11, 40), None, Some(Contradiction::Gone)),
        // The record before it is kept no longer; the next one is.
        (at(10, Some(7)), marks(10, 40), None, None),
        (at(10, None), marks(0, 40), None, None),
        (at(0, None), marks(0, 0), None, None),
        (Position { next: 0, last: None }, marks(3, 40), None, Some(Contradiction::Gone)),
    ] {
        assert_eq!(contradiction(&position, marks, found), expected, "{position:?} {marks:?} {found:?}");
    }
}
