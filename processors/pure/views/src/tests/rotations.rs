//! Seams between the rotations of one airplane, and rotations that go with all they brought.

use super::fixture::*;
use crate::Check::RotationSeam;
use crate::ask::{self, Filter};
use domain::rotation::{Event, Mode};

const MORNING: &str = "a HA1 HNL OGG 01T08:00 01T08:40";
const EVENING: &str = "b HA2 KOA HNL 01T18:00 01T18:40";
const NOON: &str = "c HA3 OGG KOA 01T12:00 01T12:40";

fn two_rotations() -> View {
    View::given([
        created("r"),
        created("s"),
        added("r", MORNING),
        added("s", EVENING),
        assigned("r", "N1", None),
        assigned("s", "N1", None),
    ])
}

#[test]
fn a_rotation_that_begins_elsewhere_than_the_one_before_ended_is_reported_once_and_listed_under_both() {
    let view = two_rotations();
    view.finds(RotationSeam, &["r/a then s/b: N1, discontinuous true, overlapping false"]);
    for rotation in ["r", "s"] {
        let filter = Filter {
            rotation: Some(rotation_id(rotation)),
            ..Filter::default()
        };
        assert_eq!(view.violations(RotationSeam, &filter).len(), 1, "{rotation}");
    }
}

#[test]
fn a_rotation_between_two_closes_the_seam_and_opens_it_again_when_it_loses_its_legs() {
    let mut view = two_rotations();
    view.when([created("t"), assigned("t", "N1", None), added("t", NOON)]);
    view.finds(RotationSeam, &[]);
    view.when([left_out("t", NOON)]);
    view.finds(RotationSeam, &["r/a then s/b: N1, discontinuous true, overlapping false"]);
}

#[test]
fn a_rotation_that_begins_before_the_one_before_has_ended_overlaps_with_it() {
    let mut view = two_rotations();
    view.when([rescheduled("s", EVENING, "01T08:30", "01T09:10")]);
    view.finds(RotationSeam, &["r/a then s/b: N1, discontinuous true, overlapping true"]);
    view.when([rescheduled("s", "b HA2 KOA HNL 01T08:30 01T09:10", "01T06:00", "01T06:40")]);
    view.finds(RotationSeam, &[]);
}

#[test]
fn rotations_of_different_airplanes_have_no_seam() {
    let mut view = two_rotations();
    view.when([assigned("s", "N2", Some("N1"))]);
    view.finds(RotationSeam, &[]);
    view.when([assigned("s", "N1", Some("N2"))]);
    assert_eq!(view.found(RotationSeam).len(), 1);
    view.when([unassigned("r", "N1")]);
    view.finds(RotationSeam, &[]);
}

#[test]
fn a_removed_rotation_leaves_nothing_behind() {
    let mut view = two_rotations();
    view.when([airport("OGG", "Pacific/Honolulu", 30)]);
    let before = view.memory.clone();
    view.when([
        created("t"),
        added("t", "x HA2 KOA OGG 01T18:10 01T18:50"),
        added("t", "y HA9 OGG KOA 01T18:40 01T19:50"),
        added("t", "z HA9 OGG KOA 01T20:40 01T21:50"),
        assigned("t", "N1", None),
    ]);
    assert_ne!(view.memory, before);
    view.when([removed("t")]);
    assert_eq!(view.memory, before);
}

#[test]
fn an_activated_rotation_keeps_its_airplane_and_says_which_event_activated_it() {
    let mut view = two_rotations();
    view.when([rotation("r", Event::Activated)]);
    let stored = ask::rotation(&view.memory, &rotation_id("r")).unwrap().unwrap();
    assert_eq!(stored.mode, Mode::Active);
    assert_eq!(stored.provenance.sequence, 7);
    let (airplane, assigned) = stored.airplane.unwrap();
    assert_eq!((airplane.as_str(), assigned.sequence), ("N1", 5));
}
