//! What is found, and what is done about it, for each way in which commands are lost.

use super::*;

fn decided(topic_id: &str, offset: i64) -> Decided {
    Decided {
        topic_id: topic_id.to_owned(),
        offset,
        fingerprint: Some(7),
    }
}

/// A partition of which 150 commands were decided, the last of them with an outcome.
fn facts() -> Facts {
    let marks = |high| Watermarks { low: 0, high };
    Facts {
        partition: 3,
        group: Some(GroupOffset {
            offset: 150,
            owner: "group-one".to_owned(),
            last: Some(decided("now", 149)),
        }),
        commands: marks(400),
        events: marks(90),
        outcomes: marks(160),
        last_outcome: Some(decided("now", 149)),
        last_event: Some(decided("now", 148)),
        found: Some(7),
    }
}

fn next(finding: &Finding) -> Option<i64> {
    match finding {
        Finding::GoesOn { next, .. } => Some(*next),
        _ => None,
    }
}

#[test]
fn what_is_whole_is_gone_on_with_and_nothing_is_done() {
    let whole = facts();
    let expired = Facts { group: None, ..facts() };
    let by_tool = Facts {
        group: Some(GroupOffset {
            offset: 5,
            owner: String::new(),
            last: None,
        }),
        ..facts()
    };
    for facts in [whole, expired, by_tool] {
        assert_eq!(next(&finding("now", &facts)), Some(150), "{facts:?}");
        assert_eq!(step("now", &facts), None);
    }
}

#[test]
fn commands_that_the_log_has_lost_are_recorded_and_gone_on_behind() {
    for group in [facts().group, None] {
        let mut facts = Facts { group, ..facts() };
        facts.commands.low = 170;
        facts.found = None;
        assert_eq!(finding("now", &facts), Finding::Lost { from: 150, to: 170 });
        let step = step("now", &facts).unwrap();
        assert_eq!((step.offset, step.last.next()), (170, 170));
        let loss = Loss {
            partition: 3,
            topic_id: "now".to_owned(),
            from: 150,
            to: Some(170),
        };
        assert_eq!(step.losses, [loss]);
    }
}

#[test]
fn a_topic_that_was_created_again_is_begun_at_its_beginning_whatever_tells_of_the_former_one() {
    let of_former = Facts {
        group: None,
        last_outcome: None,
        last_event: Some(decided("before", 148)),
        commands: Watermarks { low: 0, high: 30 },
        ..facts()
    };
    let outcome = Facts {
        last_outcome: Some(decided("before", 149)),
        ..of_former.clone()
    };
    let group = Facts {
        group: Some(GroupOffset {
            last: Some(decided("before", 151)),
            offset: 152,
            ..facts().group.unwrap()
        }),
        last_event: None,
        ..of_former.clone()
    };
    for (facts, from) in [(of_former, 149), (outcome, 150), (group, 152)] {
        let step = step("now", &facts).unwrap();
        assert_eq!((step.offset, step.last.topic_id.as_str(), step.last.next()), (0, "now", 0));
        let loss = Loss {
            partition: 3,
            topic_id: "before".to_owned(),
            from,
            to: None,
        };
        assert_eq!(step.losses, [loss]);
    }
}

#[test]
fn a_step_that_was_taken_is_not_asked_for_again() {
    let mut lost = facts();
    lost.commands.low = 170;
    let recreated = Facts {
        group: None,
        last_outcome: Some(decided("before", 149)),
        last_event: Some(decided("before", 148)),
        commands: Watermarks { low: 2, high: 30 },
        ..facts()
    };
    for mut facts in [lost, recreated] {
        let taken = step("now", &facts).unwrap();
        facts.group = Some(GroupOffset {
            offset: taken.offset,
            owner: RECOVERY_OWNER.to_owned(),
            last: Some(taken.last.clone()),
        });
        facts.found = None;
        assert_eq!(next(&finding("now", &facts)), Some(taken.offset));
        assert_eq!(step("now", &facts), None);
    }
}

#[test]
fn an_old_offset_that_a_processor_signed_is_brought_up_to_the_outcomes() {
    let mut facts = facts();
    facts.group = Some(GroupOffset {
        offset: 20,
        last: Some(decided("now", 19)),
        ..facts.group.unwrap()
    });
    let step = step("now", &facts).unwrap();
    assert_eq!((step.offset, step.losses.len()), (150, 0));
}

#[test]
fn events_behind_the_last_outcome_leave_no_step_that_would_decide_their_commands_again() {
    let facts = Facts {
        group: None,
        last_outcome: Some(decided("now", 99)),
        ..facts()
    };
    assert!(matches!(finding("now", &facts), Finding::Contradicted { next: 100, .. }));
    assert_eq!(step("now", &facts), None);
}

#[test]
fn of_two_histories_none_is_chosen() {
    let other_record = Facts { found: Some(8), ..facts() };
    let mut cut = facts();
    cut.commands.high = 140;
    for facts in [other_record, cut] {
        assert!(
            matches!(finding("now", &facts), Finding::Contradicted { next: 150, .. }),
            "{facts:?}"
        );
        assert_eq!(step("now", &facts), None);
    }
}

#[test]
fn where_no_outcome_is_left_the_last_event_tells_what_was_decided() {
    for outcomes in [Watermarks { low: 160, high: 160 }, Watermarks { low: 0, high: 0 }] {
        let by_events = Facts {
            group: None,
            last_outcome: None,
            outcomes,
            ..facts()
        };
        assert_eq!(next(&finding("now", &by_events)), Some(149));
        let mut gone = by_events.clone();
        gone.commands.low = 170;
        assert_eq!(finding("now", &gone), Finding::Lost { from: 149, to: 170 });
        let signed = Facts {
            group: facts().group,
            ..by_events
        };
        assert_eq!(next(&finding("now", &signed)), Some(150));
    }
}
