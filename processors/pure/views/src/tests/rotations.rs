//! Seams between the rotations of one airplane, and rotations that go with all they brought.

use super::fixture::*;
use crate::Check::RotationSeam;
use crate::ask::{self, Filter};
use crate::{Assignment, LegEdge, Prefix};
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
fn a_removed_rotation_leaves_nothing_but_tombstones() {
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
    let new: Vec<u8> = view
        .memory
        .iter()
        .filter(|entry| !before.iter().any(|old| old == *entry))
        .map(|(key, _)| key[0])
        .collect();
    let tombstones = [
        Prefix::RemovedRotation,
        Prefix::RemovedLeg,
        Prefix::RemovedLeg,
        Prefix::RemovedLeg,
        Prefix::FormerRotation,
        Prefix::FormerAirplane,
        Prefix::LongestRotation,
    ];
    assert_eq!(new, tombstones.map(|prefix| prefix as u8));
    assert_eq!(view.memory.len(), before.len() + 6, "the longest rotation of N1 was stored before");
}

#[test]
fn an_activated_rotation_keeps_its_airplane_and_each_says_from_which_event_it_is() {
    let mut view = two_rotations();
    view.when([rotation("r", Event::Activated)]);
    let stored = ask::rotation(&view.memory, &rotation_id("r")).unwrap().unwrap();
    assert_eq!(
        (stored.mode, stored.mode_provenance, stored.provenance),
        (Mode::Active, from_event(7), from_event(1))
    );
    let Assignment { registration, provenance } = stored.airplane.unwrap();
    assert_eq!((registration.as_str(), provenance), ("N1", from_event(5)));
}

#[test]
fn edges_to_legs_say_the_mode_and_the_airplane_that_their_rotation_has_now() {
    let mut view = two_rotations();
    let seen = |view: &View| {
        let page = ask::leg_summaries(&view.memory, ask::Time::default(), ALL).unwrap();
        let of = |edge: LegEdge| {
            (
                edge.rotation.to_string(),
                edge.summary.mode,
                edge.summary.airplane.map(|airplane| airplane.to_string()),
            )
        };
        page.items.into_iter().map(of).collect::<Vec<_>>()
    };
    let row = |id: &str, mode, airplane: Option<&str>| (id.to_owned(), mode, airplane.map(str::to_owned));
    assert_eq!(seen(&view), [row("r", Mode::Draft, Some("N1")), row("s", Mode::Draft, Some("N1"))]);
    view.when([
        rotation("s", Event::Activated),
        assigned("s", "N2", Some("N1")),
        unassigned("r", "N1"),
    ]);
    assert_eq!(seen(&view), [row("r", Mode::Draft, None), row("s", Mode::Active, Some("N2"))]);
}

#[test]
fn a_rotation_means_the_former_airplane_where_it_was_assigned_before_that_one_retired() {
    use crate::{Airplane, FormerAirplane, Rotation};

    for (assigned, means_former) in [(4, true), (5, false), (6, false)] {
        let rotation = Rotation {
            mode: Mode::Draft,
            provenance: from_event(1),
            mode_provenance: from_event(1),
            airplane: Some(Assignment {
                registration: registration("N1"),
                provenance: from_event(assigned),
            }),
        };
        let airplane = Airplane {
            aircraft_type: aircraft_type("763"),
            provenance: from_event(7),
            type_provenance: from_event(7),
            retired: None,
            former: Some(FormerAirplane {
                aircraft_type: aircraft_type("717"),
                retired: from_event(5),
            }),
        };
        assert_eq!(rotation.means_former(&airplane), means_former, "{assigned}");
        assert_eq!(rotation.aircraft_type(Some(&airplane)).is_none(), means_former, "{assigned}");
    }
}

#[test]
fn how_long_the_longest_rotation_of_an_airplane_was_is_written_when_a_longer_one_comes_and_never_again() {
    let mut view = View::given([created("r1"), added("r1", "a HA1 HNL OGG 01T08:00 01T09:00")]);
    view.when([created("r2"), added("r2", "b HA2 HNL OGG 02T08:00 02T09:00")]);
    view.when([created("r3"), added("r3", "c HA3 HNL OGG 03T08:00 03T12:00")]);
    for (sequence, rotation, is_written) in [(10, "r1", true), (11, "r2", false), (12, "r3", true)] {
        let (aggregate_id, event) = assigned(rotation, "N1", None);
        let mutations = crate::project(&fact(0, sequence, aggregate_id, event), &view.memory).unwrap();
        let key = crate::keys::longest_rotation(&registration("N1")).0;
        let writes = |mutation: &keyvalue::Mutation| matches!(mutation, keyvalue::Mutation::Put { key: put, .. } if *put == key);
        assert_eq!(mutations.iter().any(writes), is_written, "{rotation}");
        view.memory.apply(&mutations);
    }
}
