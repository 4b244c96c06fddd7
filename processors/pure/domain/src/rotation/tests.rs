//! Every rule of rotations, case by case; `model` holds random commands against a plain model, `month` is what real airlines flew.

mod model;
mod month;

use super::*;
use crate::tests::{Decided, Given};
use crate::{AirportCode, FlightDesignator};
use expect_test::expect;

const DRAFT: Event = Event::Created { mode: Mode::Draft };
const ACTIVE: Event = Event::Created { mode: Mode::Active };

/// A rotation with a past.
fn given(events: impl IntoIterator<Item = Event>) -> Given {
    crate::tests::given("rotation/r1", events.into_iter().map(crate::Event::Rotation))
}

trait When {
    fn when_rotation(self, command: Command) -> Decided;
}

impl When for Given {
    fn when_rotation(self, command: Command) -> Decided {
        self.when(crate::Command::Rotation(command))
    }
}

trait Then {
    fn then_rotation(self, events: impl IntoIterator<Item = Event>) -> State;
}

impl Then for Decided {
    fn then_rotation(self, events: impl IntoIterator<Item = Event>) -> State {
        rotation(self.then(events.into_iter().map(crate::Event::Rotation)))
    }
}

fn rotation(state: crate::State) -> State {
    let crate::State::Rotation(state) = state else {
        panic!("{state:?}");
    };
    state
}

fn id(text: &str) -> LegId {
    LegId::parse(text).unwrap()
}

/// An hour and minute of 1 January 2008, such as "9:30".
fn at(time: &str) -> Instant {
    Instant::parse(&format!("2008-01-01T{time:0>5}:00Z")).unwrap()
}

/// Such as "a HNL 9:00 LAX 14:00".
fn leg(text: &str) -> Leg {
    let [leg_id, origin, departure, destination, arrival] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    Leg {
        id: id(leg_id),
        designator: FlightDesignator::parse("HA11").unwrap(),
        origin: AirportCode::parse(origin).unwrap(),
        destination: AirportCode::parse(destination).unwrap(),
        departure: at(departure),
        arrival: at(arrival),
    }
}

fn added(text: &str) -> Event {
    Event::LegAdded { leg: leg(text) }
}

fn removed(text: &str) -> Event {
    Event::LegRemoved { leg: leg(text) }
}

fn add(texts: &[&str]) -> Command {
    Command::AddLegs {
        legs: texts.iter().map(|text| leg(text)).collect(),
    }
}

fn remove(ids: &[&str]) -> Command {
    Command::RemoveLegs {
        leg_ids: ids.iter().map(|text| id(text)).collect(),
    }
}

fn replace(remove: &[&str], add: &[&str]) -> Command {
    Command::ReplaceLegs {
        remove: remove.iter().map(|text| id(text)).collect(),
        add: add.iter().map(|text| leg(text)).collect(),
    }
}

fn reschedule(leg_id: &str, departure: &str, arrival: &str) -> Command {
    Command::RescheduleLeg {
        leg_id: id(leg_id),
        departure: at(departure),
        arrival: at(arrival),
    }
}

fn registration(text: &str) -> Registration {
    Registration::parse(text).unwrap()
}

fn assign(text: &str) -> Command {
    Command::AssignAirplane {
        registration: registration(text),
    }
}

fn assigned(text: &str, previous: Option<&str>) -> Event {
    Event::AirplaneAssigned {
        registration: registration(text),
        previous: previous.map(registration),
    }
}

const OUT: &str = "out HNL 6:00 KOA 7:00";
const BACK: &str = "back KOA 8:00 HNL 9:00";
const LATE: &str = "late HNL 12:00 OGG 13:00";

/// Active: Honolulu to Kona and back, and at noon to Kahului.
fn active_day() -> [Event; 4] {
    [ACTIVE, added(OUT), added(BACK), added(LATE)]
}

/// One of each command that needs a rotation.
fn every_command_but_create() -> [Command; 8] {
    [
        add(&[OUT]),
        remove(&["out"]),
        replace(&["out"], &[LATE]),
        reschedule("out", "6:00", "7:00"),
        assign("N475HA"),
        Command::UnassignAirplane,
        Command::Activate,
        Command::Remove,
    ]
}

#[test]
fn a_rotation_is_created_as_a_draft_or_active() {
    for mode in [Mode::Draft, Mode::Active] {
        let state = given([])
            .when_rotation(Command::Create { mode })
            .then_rotation([Event::Created { mode }]);
        assert_eq!(state.status(), Status::Live(mode));
        assert_eq!((state.airplane(), state.legs().len()), (None, 0));
    }
}

#[test]
fn a_rotation_is_called_a_draft_or_active() {
    assert_eq!([Mode::Draft, Mode::Active].map(Mode::name), ["draft", "active"]);
}

#[test]
fn a_rotation_is_created_once() {
    given([DRAFT])
        .when_rotation(Command::Create { mode: Mode::Active })
        .then_rejected(expect!["already-created: the rotation exists already"]);
}

#[test]
fn a_removed_rotation_is_not_created_again() {
    given([DRAFT, Event::Removed])
        .when_rotation(Command::Create { mode: Mode::Draft })
        .then_rejected(expect![
            "rotation-removed: a rotation of this id was removed; ids are not used again"
        ]);
}

#[test]
fn nothing_is_done_to_a_rotation_that_does_not_exist() {
    for command in every_command_but_create() {
        given([])
            .when_rotation(command)
            .then_rejected(expect!["no-such-rotation: there is no such rotation"]);
    }
}

#[test]
fn nothing_is_done_to_a_rotation_that_was_removed() {
    for command in every_command_but_create() {
        given([DRAFT, added(OUT), Event::Removed])
            .when_rotation(command)
            .then_rejected(expect!["rotation-removed: the rotation was removed"]);
    }
}

#[test]
fn legs_are_added_in_any_order_and_kept_in_the_order_in_which_they_are_flown() {
    let state = given([ACTIVE])
        .when_rotation(add(&[LATE, OUT, BACK]))
        .then_rotation([added(LATE), added(OUT), added(BACK)]);
    assert!(state.legs().eq([&leg(OUT), &leg(BACK), &leg(LATE)]));
    assert_eq!(state.leg(&id("back")), Some(&leg(BACK)));
    assert_eq!(state.leg(&id("other")), None);
}

#[test]
fn a_leg_may_depart_at_the_instant_at_which_the_one_before_arrives() {
    let touching = "next KOA 7:00 HNL 8:00";
    given([ACTIVE, added(OUT)])
        .when_rotation(add(&[touching]))
        .then_rotation([added(touching)]);
}

#[test]
fn an_active_rotation_rejects_a_leg_that_overlaps_the_one_before() {
    given(active_day())
        .when_rotation(add(&["x OGG 12:30 HNL 13:30"]))
        .then_rejected(expect![[r#"
            overlap: leg x departs at 2008-01-01T12:30:00.000Z, before leg late arrives at 2008-01-01T13:00:00.000Z
             arrival=2008-01-01T13:00:00.000Z destination=OGG leg=late next_departure=2008-01-01T12:30:00.000Z next_leg=x next_origin=OGG rule=overlap"#]]);
}

#[test]
fn an_active_rotation_rejects_a_leg_that_overlaps_the_one_after() {
    given([ACTIVE, added(LATE)])
        .when_rotation(add(&["x OGG 11:30 HNL 12:01"]))
        .then_rejected(expect![[r#"
            overlap: leg late departs at 2008-01-01T12:00:00.000Z, before leg x arrives at 2008-01-01T12:01:00.000Z
             arrival=2008-01-01T12:01:00.000Z destination=HNL leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn an_active_rotation_rejects_a_leg_that_spans_several() {
    given(active_day())
        .when_rotation(add(&["x LIH 5:00 HNL 23:00"]))
        .then_rejected(expect![[r#"
            overlap: leg out departs at 2008-01-01T06:00:00.000Z, before leg x arrives at 2008-01-01T23:00:00.000Z; and 2 problems more
             arrival=2008-01-01T23:00:00.000Z destination=HNL leg=x next_departure=2008-01-01T06:00:00.000Z next_leg=out next_origin=HNL rule=overlap
             arrival=2008-01-01T23:00:00.000Z destination=HNL leg=x next_departure=2008-01-01T08:00:00.000Z next_leg=back next_origin=KOA rule=overlap
             arrival=2008-01-01T23:00:00.000Z destination=HNL leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn an_active_rotation_rejects_a_leg_that_departs_from_elsewhere_than_the_one_before_arrived() {
    given(active_day())
        .when_rotation(add(&["x LAX 14:00 HNL 20:00"]))
        .then_rejected(expect![[r#"
            discontinuity: leg x departs from LAX, but leg late arrives at OGG
             arrival=2008-01-01T13:00:00.000Z destination=OGG leg=late next_departure=2008-01-01T14:00:00.000Z next_leg=x next_origin=LAX rule=discontinuity"#]]);
}

#[test]
fn an_active_rotation_rejects_a_leg_that_arrives_elsewhere_than_the_one_after_departs() {
    given(active_day())
        .when_rotation(add(&["x HNL 10:00 LIH 11:00"]))
        .then_rejected(expect![[r#"
            discontinuity: leg late departs from HNL, but leg x arrives at LIH
             arrival=2008-01-01T11:00:00.000Z destination=LIH leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=discontinuity"#]]);
}

#[test]
fn legs_that_are_only_wrong_alone_are_added_together() {
    let (there, back) = ("x HNL 9:30 LIH 10:10", "y LIH 10:50 HNL 11:30");
    given(active_day())
        .when_rotation(add(&[there, back]))
        .then_rotation([added(there), added(back)]);
}

#[test]
fn legs_that_are_wrong_among_themselves_are_rejected_all_of_them() {
    given([ACTIVE])
        .when_rotation(add(&[OUT, BACK, "x HNL 8:30 OGG 9:30", "y LAX 10:00 HNL 15:00"]))
        .then_rejected(expect![[r#"
            overlap: leg x departs at 2008-01-01T08:30:00.000Z, before leg back arrives at 2008-01-01T09:00:00.000Z; and one problem more
             arrival=2008-01-01T09:00:00.000Z destination=HNL leg=back next_departure=2008-01-01T08:30:00.000Z next_leg=x next_origin=HNL rule=overlap
             arrival=2008-01-01T09:30:00.000Z destination=OGG leg=x next_departure=2008-01-01T10:00:00.000Z next_leg=y next_origin=LAX rule=discontinuity"#]]);
}

#[test]
fn legs_that_depart_at_the_same_instant_overlap_whatever_their_ids() {
    given([ACTIVE, added("m HNL 6:00 KOA 7:00")])
        .when_rotation(add(&["a KOA 6:00 HNL 6:30"]))
        .then_rejected(expect![[r#"
            overlap: leg m departs at 2008-01-01T06:00:00.000Z, before leg a arrives at 2008-01-01T06:30:00.000Z
             arrival=2008-01-01T06:30:00.000Z destination=HNL leg=a next_departure=2008-01-01T06:00:00.000Z next_leg=m next_origin=HNL rule=overlap"#]]);
    given([ACTIVE, added("m HNL 6:00 KOA 7:00")])
        .when_rotation(add(&["z KOA 6:00 HNL 6:30"]))
        .then_rejected(expect![[r#"
            overlap: leg z departs at 2008-01-01T06:00:00.000Z, before leg m arrives at 2008-01-01T07:00:00.000Z
             arrival=2008-01-01T07:00:00.000Z destination=KOA leg=m next_departure=2008-01-01T06:00:00.000Z next_leg=z next_origin=KOA rule=overlap"#]]);
}

#[test]
fn legs_that_exist_are_all_named_with_what_stands_where_they_differ() {
    let later = "late HNL 12:00 OGG 14:00";
    given([DRAFT, added(OUT), added(LATE)])
        .when_rotation(add(&[OUT, later, "x HNL 20:00 LAX 22:00"]))
        .then_rejected(expect![[r#"
            leg-exists: leg late exists already, with arrival 2008-01-01T13:00:00.000Z; 2 legs of the command exist already
             leg=out
             arrival=2008-01-01T13:00:00.000Z leg=late"#]]);
    given([DRAFT, added(OUT)]).when_rotation(add(&[OUT])).then_rejected(expect![[r#"
        nothing-to-change: all legs of the command exist already, as they are in it
         legs=1"#]]);
}

#[test]
fn a_draft_accepts_legs_that_overlap_and_are_not_consecutive() {
    let (overlapping, elsewhere) = ("x LAX 6:30 HNL 11:30", "y LAX 6:30 HNL 11:30");
    given([DRAFT, added(OUT)])
        .when_rotation(add(&[overlapping, elsewhere]))
        .then_rotation([added(overlapping), added(elsewhere)]);
}

#[test]
fn a_leg_id_is_unique_in_its_rotation() {
    given([DRAFT, added(OUT)])
        .when_rotation(add(&[LATE, OUT]))
        .then_rejected(expect![[r#"
        leg-exists: leg out exists already
         leg=out"#]]);
}

#[test]
fn a_leg_id_is_not_used_again_after_the_leg_was_removed() {
    let past = [DRAFT, added(OUT), removed(OUT)];
    given(past.clone()).when_rotation(add(&[OUT])).then_rejected(expect![[r#"
        leg-removed: a leg out was removed; ids are not used again
         leg=out"#]]);
    given(past).when_rotation(remove(&["out"])).then_rejected(expect![[r#"
        no-such-leg: there is no leg out
         leg=out"#]]);
}

#[test]
fn a_leg_id_is_in_a_command_once() {
    given([DRAFT])
        .when_rotation(add(&[OUT, "out KOA 8:00 HNL 9:00"]))
        .then_rejected(expect![[r#"
            leg-twice: leg out is in the command twice
             leg=out"#]]);
    given(active_day())
        .when_rotation(remove(&["late", "late"]))
        .then_rejected(expect![[r#"
            leg-twice: leg late is in the command twice
             leg=late"#]]);
}

#[test]
fn a_command_holds_1_to_500_legs() {
    let many = |legs: usize| -> Vec<Leg> {
        let leg = |index| Leg {
            id: id(&format!("leg{index}")),
            ..leg(OUT)
        };
        (0..legs).map(leg).collect()
    };
    let ids = |legs: usize| many(legs).into_iter().map(|leg| leg.id).collect::<Vec<_>>();
    let events = |legs| many(legs).into_iter().map(|leg| Event::LegAdded { leg });
    let full = || given([DRAFT].into_iter().chain(events(501)));
    given([DRAFT])
        .when_rotation(Command::AddLegs { legs: many(500) })
        .then_rotation(events(500));
    let all_but_one = Command::RemoveLegs { leg_ids: ids(500) };
    assert_eq!(
        full()
            .when_rotation(all_but_one)
            .then_rotation(many(500).into_iter().map(|leg| Event::LegRemoved { leg }))
            .legs()
            .len(),
        1
    );
    let refused = [
        (501, Command::AddLegs { legs: many(501) }),
        (0, Command::AddLegs { legs: Vec::new() }),
        (501, Command::RemoveLegs { leg_ids: ids(501) }),
        (0, Command::RemoveLegs { leg_ids: Vec::new() }),
        (
            501,
            Command::ReplaceLegs {
                remove: ids(501),
                add: vec![leg(LATE)],
            },
        ),
        (
            501,
            Command::ReplaceLegs {
                remove: vec![id("leg500")],
                add: many(501),
            },
        ),
        (
            0,
            Command::ReplaceLegs {
                remove: ids(1),
                add: Vec::new(),
            },
        ),
        (
            0,
            Command::ReplaceLegs {
                remove: Vec::new(),
                add: vec![leg(LATE)],
            },
        ),
    ];
    for (legs, command) in refused {
        let rejection = decide(&rotation(full().state()), &command).unwrap_err();
        assert_eq!(rejection.rule, "leg-count", "{rejection}");
        assert_eq!(rejection.facts[0]["legs"], legs.to_string());
    }
}

/// A rotation that flies between two airports every hour.
fn shuttle(mode: Mode, legs: usize) -> State {
    State::restore(Status::Live(mode), None, (0..legs).map(shuttle_leg), [])
}

fn shuttle_leg(index: usize) -> Leg {
    let hour = 3_600_000 * i64::try_from(index).unwrap();
    let (there, back) = (leg(OUT), leg(BACK));
    let way = if index.is_multiple_of(2) { there } else { back };
    Leg {
        id: id(&format!("s{index}")),
        departure: Instant(hour),
        arrival: Instant(hour + 3_000_000),
        ..way
    }
}

#[test]
fn a_rotation_holds_at_most_20_000_legs() {
    let state = shuttle(Mode::Active, LEGS_MAX - 1);
    let one = |index| Command::AddLegs {
        legs: vec![shuttle_leg(index)],
    };
    assert_eq!(decide(&state, &one(LEGS_MAX - 1)).unwrap().len(), 1);
    let full = shuttle(Mode::Active, LEGS_MAX);
    let rejection = decide(&full, &one(LEGS_MAX)).unwrap_err();
    assert_eq!(rejection.rule, "rotation-full");
    assert_eq!(rejection.facts[0]["legs"], "20001");
    let exchange = Command::ReplaceLegs {
        remove: vec![id(&format!("s{}", LEGS_MAX - 1))],
        add: vec![shuttle_leg(LEGS_MAX + 1)],
    };
    assert_eq!(decide(&full, &exchange).unwrap().len(), 2);
}

#[test]
fn a_rotation_uses_at_most_50_000_leg_ids_in_its_life_and_can_always_lose_legs() {
    let used = |removed: usize| {
        let removed = (0..removed).map(|number| id(&format!("r{number}")));
        let legs = [shuttle_leg(0), shuttle_leg(1)];
        State::restore(Status::Live(Mode::Active), None, legs, removed)
    };
    let add = |index| Command::AddLegs {
        legs: vec![shuttle_leg(index)],
    };
    assert_eq!(decide(&used(LEG_IDS_MAX - 3), &add(2)).unwrap().len(), 1);
    let full = used(LEG_IDS_MAX - 2);
    let exchange = Command::ReplaceLegs {
        remove: vec![id("s1")],
        add: vec![shuttle_leg(3)],
    };
    for command in [add(2), exchange] {
        let rejection = decide(&full, &command).unwrap_err();
        assert_eq!(rejection.rule, "leg-ids-used-up");
        assert_eq!(rejection.facts[0]["leg_ids"], "50001");
    }
    let remove = Command::RemoveLegs { leg_ids: vec![id("s1")] };
    assert_eq!(decide(&full, &remove).unwrap().len(), 1);
    assert!(full.size_bytes() > LEG_IDS_MAX * 64, "what is remembered counts");
}

#[test]
fn a_leg_arrives_after_it_departs() {
    given([DRAFT])
        .when_rotation(add(&["x HNL 9:00 LAX 9:00"]))
        .then_rejected(expect![[r#"
        arrival-not-after-departure: leg x arrives at 2008-01-01T09:00:00.000Z, which is not after its departure at 2008-01-01T09:00:00.000Z
         arrival=2008-01-01T09:00:00.000Z departure=2008-01-01T09:00:00.000Z leg=x"#]]);
    given([DRAFT])
        .when_rotation(add(&["x HNL 9:00 LAX 8:59"]))
        .then_rejected(expect![[r#"
        arrival-not-after-departure: leg x arrives at 2008-01-01T08:59:00.000Z, which is not after its departure at 2008-01-01T09:00:00.000Z
         arrival=2008-01-01T08:59:00.000Z departure=2008-01-01T09:00:00.000Z leg=x"#]]);
    given([DRAFT, added(OUT)])
        .when_rotation(reschedule("out", "9:00", "9:00"))
        .then_rejected(expect![[r#"
            arrival-not-after-departure: leg out arrives at 2008-01-01T09:00:00.000Z, which is not after its departure at 2008-01-01T09:00:00.000Z
             arrival=2008-01-01T09:00:00.000Z departure=2008-01-01T09:00:00.000Z leg=out"#]]);
}

#[test]
fn a_leg_may_come_back_to_the_airport_that_it_departed_from() {
    let (training, back) = ("x HNL 9:30 HNL 10:30", "y HNL 10:30 HNL 11:00");
    for past in [vec![DRAFT], active_day().to_vec()] {
        given(past)
            .when_rotation(add(&[training, back]))
            .then_rotation([added(training), added(back)]);
    }
    given(active_day())
        .when_rotation(replace(&["out", "back"], &["x HNL 6:00 HNL 9:00"]))
        .then_rotation([removed(OUT), removed(BACK), added("x HNL 6:00 HNL 9:00")]);
}

#[test]
fn a_leg_back_to_its_airport_connects_and_overlaps_as_any_other() {
    given(active_day())
        .when_rotation(add(&["x OGG 9:30 OGG 10:30"]))
        .then_rejected(expect![[r#"
            discontinuity: leg x departs from OGG, but leg back arrives at HNL; and one problem more
             arrival=2008-01-01T09:00:00.000Z destination=HNL leg=back next_departure=2008-01-01T09:30:00.000Z next_leg=x next_origin=OGG rule=discontinuity
             arrival=2008-01-01T10:30:00.000Z destination=OGG leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=discontinuity"#]]);
    given(active_day())
        .when_rotation(add(&["x HNL 11:30 HNL 12:01"]))
        .then_rejected(expect![[r#"
            overlap: leg late departs at 2008-01-01T12:00:00.000Z, before leg x arrives at 2008-01-01T12:01:00.000Z
             arrival=2008-01-01T12:01:00.000Z destination=HNL leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn legs_fly_between_1970_and_2200() {
    let between = |departure, arrival| Command::AddLegs {
        legs: vec![Leg {
            departure: Instant(departure),
            arrival: Instant(arrival),
            ..leg(OUT)
        }],
    };
    let first_of_2201 = Instant::parse("2201-01-01T00:00:00Z").unwrap().0;
    for (departure, arrival) in [(0, 60_000), (first_of_2201 - 60_000, first_of_2201 - 1)] {
        assert_eq!(decide(&shuttle(Mode::Draft, 0), &between(departure, arrival)).unwrap().len(), 1);
    }
    given([DRAFT]).when_rotation(between(-1, 60_000)).then_rejected(expect![[r#"
        instant-out-of-range: leg out flies at 1969-12-31T23:59:59.999Z; schedules lie between 1970 and 2200
         instant=1969-12-31T23:59:59.999Z leg=out"#]]);
    given([DRAFT])
        .when_rotation(between(first_of_2201 - 60_000, first_of_2201))
        .then_rejected(expect![[r#"
            instant-out-of-range: leg out flies at 2201-01-01T00:00:00.000Z; schedules lie between 1970 and 2200
             instant=2201-01-01T00:00:00.000Z leg=out"#]]);
    given([DRAFT]).when_rotation(between(i64::MIN, i64::MAX)).then_rejected(expect![[r#"
        instant-out-of-range: leg out flies at -9223372036854775808 ms since 1970; schedules lie between 1970 and 2200
         instant=-9223372036854775808 ms since 1970 leg=out"#]]);
    let rescheduled = Command::RescheduleLeg {
        leg_id: id("out"),
        departure: Instant(1_201_802_700_000_000),
        arrival: Instant(1_201_820_700_000_000),
    };
    given([DRAFT, added(OUT)]).when_rotation(rescheduled).then_rejected(expect![[r#"
        instant-out-of-range: leg out flies at 1201802700000000 ms since 1970; schedules lie between 1970 and 2200
         instant=1201802700000000 ms since 1970 leg=out"#]]);
}

#[test]
fn the_last_leg_the_first_leg_and_a_round_trip_are_removed_from_an_active_rotation() {
    given(active_day()).when_rotation(remove(&["late"])).then_rotation([removed(LATE)]);
    given(active_day()).when_rotation(remove(&["out"])).then_rotation([removed(OUT)]);
    let state = given(active_day())
        .when_rotation(remove(&["back", "out"]))
        .then_rotation([removed(BACK), removed(OUT)]);
    assert!(state.legs().eq([&leg(LATE)]));
    assert!(state.is_removed(&id("out")) && state.is_removed(&id("back")) && !state.is_removed(&id("late")));
}

#[test]
fn one_leg_in_the_middle_of_an_active_rotation_is_not_removed() {
    given(active_day()).when_rotation(remove(&["back"])).then_rejected(expect![[r#"
        discontinuity: leg late departs from HNL, but leg out arrives at KOA
         arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=discontinuity"#]]);
}

#[test]
fn one_leg_in_the_middle_of_a_draft_is_removed() {
    given([DRAFT, added(OUT), added(BACK), added(LATE)])
        .when_rotation(remove(&["back"]))
        .then_rotation([removed(BACK)]);
}

#[test]
fn only_legs_that_are_there_are_removed_all_or_none() {
    given(active_day())
        .when_rotation(remove(&["late", "other"]))
        .then_rejected(expect![[r#"
            no-such-leg: there is no leg other
             leg=other"#]]);
}

#[test]
fn of_a_replacement_only_the_result_is_judged() {
    let (there, back) = ("x HNL 6:30 LIH 7:10", "y LIH 8:10 HNL 9:10");
    let state = given(active_day())
        .when_rotation(replace(&["out", "back"], &[there, back]))
        .then_rotation([removed(OUT), removed(BACK), added(there), added(back)]);
    assert!(state.legs().eq([&leg(there), &leg(back), &leg(LATE)]));
    let direct = "d HNL 7:00 OGG 8:00";
    given(active_day())
        .when_rotation(replace(&["out", "back", "late"], &[direct]))
        .then_rotation([removed(OUT), removed(BACK), removed(LATE), added(direct)]);
}

#[test]
fn a_replacement_that_leaves_a_problem_is_rejected_as_a_whole() {
    given(active_day())
        .when_rotation(replace(&["back"], &["x KOA 8:00 LIH 8:50"]))
        .then_rejected(expect![[r#"
            discontinuity: leg late departs from HNL, but leg x arrives at LIH
             arrival=2008-01-01T08:50:00.000Z destination=LIH leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=discontinuity"#]]);
    given(active_day())
        .when_rotation(replace(&["back"], &["x KOA 8:00 HNL 12:01"]))
        .then_rejected(expect![[r#"
            overlap: leg late departs at 2008-01-01T12:00:00.000Z, before leg x arrives at 2008-01-01T12:01:00.000Z
             arrival=2008-01-01T12:01:00.000Z destination=HNL leg=x next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn a_replacement_does_not_give_a_leg_its_own_id_again() {
    given(active_day())
        .when_rotation(replace(&["late"], &["late HNL 13:00 OGG 14:00"]))
        .then_rejected(expect![[r#"
            leg-exists: leg late exists already, with departure 2008-01-01T12:00:00.000Z, arrival 2008-01-01T13:00:00.000Z
             arrival=2008-01-01T13:00:00.000Z departure=2008-01-01T12:00:00.000Z leg=late"#]]);
    given(active_day())
        .when_rotation(replace(&["other"], &["x HNL 13:00 OGG 14:00"]))
        .then_rejected(expect![[r#"
            no-such-leg: there is no leg other
             leg=other"#]]);
}

#[test]
fn a_leg_is_rescheduled_between_its_neighbours() {
    let state = given(active_day())
        .when_rotation(reschedule("back", "9:00", "11:00"))
        .then_rotation([Event::LegRescheduled {
            leg_id: id("back"),
            previous_departure: at("8:00"),
            previous_arrival: at("9:00"),
            departure: at("9:00"),
            arrival: at("11:00"),
        }]);
    assert_eq!(state.leg(&id("back")), Some(&leg("back KOA 9:00 HNL 11:00")));
}

#[test]
fn only_the_arrival_of_a_leg_is_rescheduled() {
    let state = given(active_day())
        .when_rotation(reschedule("back", "8:00", "8:50"))
        .then_rotation([Event::LegRescheduled {
            leg_id: id("back"),
            previous_departure: at("8:00"),
            previous_arrival: at("9:00"),
            departure: at("8:00"),
            arrival: at("8:50"),
        }]);
    assert_eq!(state.legs().nth(1), Some(&leg("back KOA 8:00 HNL 8:50")));
    given(active_day())
        .when_rotation(reschedule("back", "8:00", "12:01"))
        .then_rejected(expect![[r#"
            overlap: leg late departs at 2008-01-01T12:00:00.000Z, before leg back arrives at 2008-01-01T12:01:00.000Z
             arrival=2008-01-01T12:01:00.000Z destination=HNL leg=back next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn a_leg_is_not_rescheduled_into_its_neighbour_nor_out_of_its_place() {
    given(active_day())
        .when_rotation(reschedule("back", "6:59", "9:00"))
        .then_rejected(expect![[r#"
            overlap: leg back departs at 2008-01-01T06:59:00.000Z, before leg out arrives at 2008-01-01T07:00:00.000Z
             arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T06:59:00.000Z next_leg=back next_origin=KOA rule=overlap"#]]);
    given(active_day())
        .when_rotation(reschedule("back", "14:00", "15:00"))
        .then_rejected(expect![[r#"
            discontinuity: leg late departs from HNL, but leg out arrives at KOA; and one problem more
             arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=discontinuity
             arrival=2008-01-01T13:00:00.000Z destination=OGG leg=late next_departure=2008-01-01T14:00:00.000Z next_leg=back next_origin=KOA rule=discontinuity"#]]);
}

#[test]
fn a_leg_of_a_draft_is_rescheduled_anywhere() {
    let draft = [DRAFT, added(OUT), added(BACK)];
    let state = given(draft)
        .when_rotation(reschedule("back", "5:00", "6:30"))
        .then_rotation([Event::LegRescheduled {
            leg_id: id("back"),
            previous_departure: at("8:00"),
            previous_arrival: at("9:00"),
            departure: at("5:00"),
            arrival: at("6:30"),
        }]);
    assert!(state.legs().eq([&leg("back KOA 5:00 HNL 6:30"), &leg(OUT)]));
}

#[test]
fn only_a_leg_that_is_there_is_rescheduled_and_only_to_other_times() {
    given(active_day())
        .when_rotation(reschedule("other", "8:00", "9:00"))
        .then_rejected(expect![[r#"
            no-such-leg: there is no leg other
             leg=other"#]]);
    given(active_day())
        .when_rotation(reschedule("back", "8:00", "9:00"))
        .then_rejected(expect![[r#"
            nothing-to-change: leg back flies at these times already
             leg=back"#]]);
}

#[test]
fn an_airplane_is_assigned_exchanged_and_unassigned() {
    given([DRAFT])
        .when_rotation(assign("N475HA"))
        .then_rotation([assigned("N475HA", None)]);
    let past = [DRAFT, assigned("N475HA", None)];
    let state = given(past.clone())
        .when_rotation(assign("N476HA"))
        .then_rotation([assigned("N476HA", Some("N475HA"))]);
    assert_eq!(state.airplane(), Some(&registration("N476HA")));
    let state = given(past)
        .when_rotation(Command::UnassignAirplane)
        .then_rotation([Event::AirplaneUnassigned {
            registration: registration("N475HA"),
        }]);
    assert_eq!(state.airplane(), None);
}

#[test]
fn assigning_the_airplane_that_it_has_is_rejected() {
    given([DRAFT, assigned("N475HA", None)])
        .when_rotation(assign("N475HA"))
        .then_rejected(expect![[r#"
            nothing-to-change: the rotation has N475HA already
             registration=N475HA"#]]);
}

#[test]
fn a_rotation_without_an_airplane_gives_none_up() {
    given([DRAFT])
        .when_rotation(Command::UnassignAirplane)
        .then_rejected(expect!["nothing-to-change: the rotation has no airplane"]);
}

#[test]
fn a_draft_without_problems_becomes_active_and_then_defends_itself() {
    let past = [DRAFT, added(LATE), added(OUT), added(BACK)];
    let state = given(past).when_rotation(Command::Activate).then_rotation([Event::Activated]);
    assert_eq!(state.status(), Status::Live(Mode::Active));
    assert_eq!(decide(&state, &remove(&["back"])).unwrap_err().rule, "discontinuity");
    given([DRAFT]).when_rotation(Command::Activate).then_rotation([Event::Activated]);
}

#[test]
fn a_draft_with_problems_does_not_become_active_and_all_of_them_are_listed() {
    let past = [
        DRAFT,
        added(OUT),
        added("x KOA 6:30 HNL 7:30"),
        added("y LAX 6:45 HNL 12:30"),
        added(LATE),
    ];
    given(past).when_rotation(Command::Activate).then_rejected(expect![[r#"
        overlap: leg x departs at 2008-01-01T06:30:00.000Z, before leg out arrives at 2008-01-01T07:00:00.000Z; and 4 problems more
         arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T06:30:00.000Z next_leg=x next_origin=KOA rule=overlap
         arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T06:45:00.000Z next_leg=y next_origin=LAX rule=overlap
         arrival=2008-01-01T07:30:00.000Z destination=HNL leg=x next_departure=2008-01-01T06:45:00.000Z next_leg=y next_origin=LAX rule=overlap
         arrival=2008-01-01T07:30:00.000Z destination=HNL leg=x next_departure=2008-01-01T06:45:00.000Z next_leg=y next_origin=LAX rule=discontinuity
         arrival=2008-01-01T12:30:00.000Z destination=HNL leg=y next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn every_two_legs_that_overlap_are_reported_not_only_neighbours() {
    let long = "z HNL 5:00 HNL 20:00";
    given([DRAFT, added(OUT), added(BACK), added(LATE), added(long)])
        .when_rotation(Command::Activate)
        .then_rejected(expect![[r#"
            overlap: leg out departs at 2008-01-01T06:00:00.000Z, before leg z arrives at 2008-01-01T20:00:00.000Z; and 2 problems more
             arrival=2008-01-01T20:00:00.000Z destination=HNL leg=z next_departure=2008-01-01T06:00:00.000Z next_leg=out next_origin=HNL rule=overlap
             arrival=2008-01-01T20:00:00.000Z destination=HNL leg=z next_departure=2008-01-01T08:00:00.000Z next_leg=back next_origin=KOA rule=overlap
             arrival=2008-01-01T20:00:00.000Z destination=HNL leg=z next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
    given([ACTIVE, added(OUT), added(LATE)])
        .when_rotation(add(&[long, "y HNL 6:30 HNL 12:30"]))
        .then_rejected(expect![[r#"
            overlap: leg out departs at 2008-01-01T06:00:00.000Z, before leg z arrives at 2008-01-01T20:00:00.000Z; and 5 problems more
             arrival=2008-01-01T20:00:00.000Z destination=HNL leg=z next_departure=2008-01-01T06:00:00.000Z next_leg=out next_origin=HNL rule=overlap
             arrival=2008-01-01T20:00:00.000Z destination=HNL leg=z next_departure=2008-01-01T06:30:00.000Z next_leg=y next_origin=HNL rule=overlap
             arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T06:30:00.000Z next_leg=y next_origin=HNL rule=overlap
             arrival=2008-01-01T07:00:00.000Z destination=KOA leg=out next_departure=2008-01-01T06:30:00.000Z next_leg=y next_origin=HNL rule=discontinuity
             arrival=2008-01-01T20:00:00.000Z destination=HNL leg=z next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap
             arrival=2008-01-01T12:30:00.000Z destination=HNL leg=y next_departure=2008-01-01T12:00:00.000Z next_leg=late next_origin=HNL rule=overlap"#]]);
}

#[test]
fn overlaps_are_counted_all_of_them_when_they_are_too_many_to_be_listed() {
    let legs = (0..LEGS_MAX).map(|index| Leg {
        id: id(&format!("o{index}")),
        ..leg(OUT)
    });
    let state = State::restore(Status::Live(Mode::Draft), None, legs, []);
    let rejection = decide(&state, &Command::Activate).unwrap_err();
    let pairs = LEGS_MAX * (LEGS_MAX - 1) / 2;
    let discontinuities = LEGS_MAX - 1;
    assert_eq!(rejection.facts.len(), 1001);
    assert_eq!(rejection.facts[1000]["more"], (pairs + discontinuities - 1000).to_string());
    let more = format!("; and {} problems more", pairs + discontinuities - 1);
    assert!(rejection.message.ends_with(&more), "{}", rejection.message);
}

#[test]
fn a_leg_across_a_whole_rotation_is_reported_with_every_leg_that_it_overlaps() {
    let state = shuttle(Mode::Active, LEGS_MAX - 1);
    let across = Leg {
        departure: Instant(0),
        arrival: Instant(3_600_000 * i64::try_from(LEGS_MAX).unwrap()),
        ..leg("x HNL 5:00 HNL 20:00")
    };
    let rejection = decide(&state, &Command::AddLegs { legs: vec![across] }).unwrap_err();
    let overlaps = LEGS_MAX - 1;
    assert_eq!((rejection.rule, rejection.facts.len()), ("overlap", 1001));
    let more: usize = rejection.facts[1000]["more"].parse().unwrap();
    assert!((overlaps..=overlaps + 2).contains(&(1000 + more)), "{more}");
}

#[test]
fn of_a_thousand_problems_and_more_the_rest_is_counted() {
    let apart = (0..1502).map(|index| Leg {
        origin: leg(OUT).origin,
        destination: leg(OUT).destination,
        ..shuttle_leg(index)
    });
    let state = State::restore(Status::Live(Mode::Draft), None, apart, []);
    let rejection = decide(&state, &Command::Activate).unwrap_err();
    assert_eq!(rejection.facts.len(), 1001);
    assert_eq!(rejection.facts[1000]["more"], "501");
    assert!(rejection.message.ends_with("; and 1500 problems more"), "{}", rejection.message);
}

#[test]
fn an_active_rotation_is_not_activated_again() {
    given([ACTIVE])
        .when_rotation(Command::Activate)
        .then_rejected(expect!["nothing-to-change: the rotation is active already"]);
    given([DRAFT, Event::Activated])
        .when_rotation(Command::Activate)
        .then_rejected(expect!["nothing-to-change: the rotation is active already"]);
}

#[test]
fn a_rotation_is_removed_with_its_legs_and_its_airplane() {
    let past = active_day().into_iter().chain([assigned("N475HA", None)]);
    let state = given(past).when_rotation(Command::Remove).then_rotation([Event::Removed]);
    assert_eq!(state.status(), Status::Removed);
}

#[test]
#[cfg(not(debug_assertions))]
fn an_event_that_does_not_fit_changes_nothing() {
    let unborn = State::default();
    let live = rotation(given(active_day().into_iter().chain([removed(LATE)])).state());
    let over = rotation(given(active_day().into_iter().chain([Event::Removed])).state());
    let rescheduled = Event::LegRescheduled {
        leg_id: id("late"),
        previous_departure: at("12:00"),
        previous_arrival: at("13:00"),
        departure: at("1:00"),
        arrival: at("2:00"),
    };
    let unfit = [
        (
            &unborn,
            vec![
                added(OUT),
                removed(OUT),
                rescheduled.clone(),
                assigned("N475HA", None),
                Event::Activated,
                Event::Removed,
            ],
        ),
        (
            &live,
            vec![
                DRAFT,
                added(LATE),
                added("out HNL 20:00 LAX 23:00"),
                removed(LATE),
                rescheduled.clone(),
                Event::Activated,
            ],
        ),
        (
            &over,
            vec![
                ACTIVE,
                added("x HNL 20:00 LAX 23:00"),
                removed(OUT),
                rescheduled,
                assigned("N475HA", None),
                Event::Activated,
                Event::Removed,
            ],
        ),
    ];
    for (state, events) in unfit {
        for event in events {
            let mut after = state.clone();
            evolve(&mut after, &event);
            assert_eq!(&after, state, "{event:?}");
        }
    }
}
