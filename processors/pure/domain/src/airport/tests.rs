//! Every rule of airports.

use super::*;
use crate::tests::{Given, given};
use expect_test::expect;

fn airport(events: &[Event]) -> Given {
    given("airport/HNL", events.iter().cloned().map(crate::Event::Airport))
}

fn zone() -> ZoneName {
    ZoneName::parse("Pacific/Honolulu").unwrap()
}

fn aircraft_type(text: &str) -> AircraftType {
    AircraftType::parse(text).unwrap()
}

fn register(name: &str, minutes: u32) -> crate::Command {
    crate::Command::Airport(Command::Register {
        name: name.to_owned(),
        zone: zone(),
        minimum_ground_time_minutes: minutes,
    })
}

fn registered() -> Event {
    Event::Registered {
        name: "Honolulu".to_owned(),
        zone: zone(),
        minimum_ground_time_minutes: 30,
    }
}

fn set(text: Option<&str>, minutes: u32) -> crate::Command {
    crate::Command::Airport(Command::SetMinimumGroundTime {
        aircraft_type: text.map(aircraft_type),
        minutes,
    })
}

fn was_set(text: Option<&str>, minutes: u32) -> Event {
    Event::MinimumGroundTimeSet {
        aircraft_type: text.map(aircraft_type),
        minutes,
    }
}

fn then(event: Event) -> [crate::Event; 1] {
    [crate::Event::Airport(event)]
}

#[test]
fn an_airport_is_registered() {
    let state = airport(&[]).when(register("Honolulu", 30)).then(then(registered()));
    let expected = Airport {
        name: "Honolulu".to_owned(),
        zone: zone(),
        minimum_ground_time_minutes: 30,
        by_aircraft_type: BTreeMap::new(),
    };
    assert_eq!(
        state,
        crate::State::Airport(State {
            registered: Some(expected)
        })
    );
}

#[test]
fn an_airport_is_registered_once() {
    airport(&[registered()])
        .when(register("Daniel K. Inouye", 40))
        .then_rejected(expect![[r#"
            already-registered: the airport is registered already, with name Honolulu, minimum_ground_time_minutes 30
             minimum_ground_time_minutes=30 name=Honolulu"#]]);
}

#[test]
fn registering_an_airport_as_it_is_changes_nothing_and_says_so() {
    airport(&[registered()]).when(register("Honolulu", 30)).then_rejected(expect![
        "nothing-to-change: the airport is registered already, as it is in the command"
    ]);
}

#[test]
fn a_name_has_one_to_a_hundred_characters_whatever_their_bytes() {
    let longest = "ʻ".repeat(100);
    airport(&[]).when(register(&longest, 30)).then(then(Event::Registered {
        name: longest,
        zone: zone(),
        minimum_ground_time_minutes: 30,
    }));
    airport(&[]).when(register("", 30)).then_rejected(expect![[r#"
        name-length: the name has 0 characters; 1 to 100 are possible
         characters=0"#]]);
    airport(&[]).when(register(&"x".repeat(101), 30)).then_rejected(expect![[r#"
        name-length: the name has 101 characters; 1 to 100 are possible
         characters=101"#]]);
}

#[test]
fn a_minimum_ground_time_is_at_most_a_day() {
    for minutes in [0, 1440] {
        airport(&[]).when(register("Honolulu", minutes)).then(then(Event::Registered {
            name: "Honolulu".to_owned(),
            zone: zone(),
            minimum_ground_time_minutes: minutes,
        }));
        airport(&[registered()]).when(set(None, minutes)).then(then(was_set(None, minutes)));
    }
    airport(&[]).when(register("Honolulu", 1441)).then_rejected(expect![[r#"
        ground-time-out-of-range: a minimum ground time of 1441 minutes; 0 to 1440 are possible
         minutes=1441"#]]);
    airport(&[registered()]).when(set(Some("763"), 1441)).then_rejected(expect![[r#"
        ground-time-out-of-range: a minimum ground time of 1441 minutes; 0 to 1440 are possible
         minutes=1441"#]]);
}

#[test]
fn a_minimum_ground_time_is_set_for_all_types_and_for_one() {
    airport(&[registered()]).when(set(None, 40)).then(then(was_set(None, 40)));
    let state = airport(&[registered(), was_set(None, 40)])
        .when(set(Some("763"), 60))
        .then(then(was_set(Some("763"), 60)));
    let crate::State::Airport(State { registered: Some(airport) }) = state else {
        panic!("{state:?}");
    };
    assert_eq!(airport.minimum_ground_time_minutes, 40);
    assert_eq!(airport.by_aircraft_type, BTreeMap::from([(aircraft_type("763"), 60)]));
}

#[test]
fn a_type_may_be_given_the_time_of_all_types_as_its_own() {
    airport(&[registered()])
        .when(set(Some("763"), 30))
        .then(then(was_set(Some("763"), 30)));
}

#[test]
fn no_ground_time_is_set_where_no_airport_is_registered() {
    airport(&[])
        .when(set(None, 30))
        .then_rejected(expect!["not-registered: the airport is not registered"]);
}

#[test]
fn setting_the_ground_time_that_holds_already_is_rejected() {
    airport(&[registered()]).when(set(None, 30)).then_rejected(expect![[r#"
        nothing-to-change: the minimum ground time is 30 minutes already
         minutes=30"#]]);
    airport(&[registered(), was_set(Some("763"), 60)])
        .when(set(Some("763"), 60))
        .then_rejected(expect![[r#"
            nothing-to-change: the minimum ground time is 60 minutes already
             minutes=60"#]]);
}

fn correct(name: Option<&str>, zone: Option<&str>) -> crate::Command {
    crate::Command::Airport(Command::Correct {
        name: name.map(str::to_owned),
        zone: zone.map(|zone| ZoneName::parse(zone).unwrap()),
    })
}

fn corrected(name: &str, zone: &str) -> Event {
    Event::Corrected {
        name: name.to_owned(),
        zone: ZoneName::parse(zone).unwrap(),
        previous_name: "Honolulu".to_owned(),
        previous_zone: self::zone(),
    }
}

#[test]
fn the_name_the_zone_or_both_are_corrected_and_all_else_stays() {
    for (name, zone, event) in [
        (Some("Daniel K. Inouye"), None, corrected("Daniel K. Inouye", "Pacific/Honolulu")),
        (None, Some("Asia/Novosibirsk"), corrected("Honolulu", "Asia/Novosibirsk")),
        (
            Some("Tolmachevo"),
            Some("Asia/Novosibirsk"),
            corrected("Tolmachevo", "Asia/Novosibirsk"),
        ),
        (
            Some("Honolulu"),
            Some("Asia/Novosibirsk"),
            corrected("Honolulu", "Asia/Novosibirsk"),
        ),
    ] {
        let state = airport(&[registered(), was_set(Some("763"), 60)])
            .when(correct(name, zone))
            .then(then(event.clone()));
        let Event::Corrected { name, zone, .. } = event else {
            unreachable!()
        };
        let expected = Airport {
            name,
            zone,
            minimum_ground_time_minutes: 30,
            by_aircraft_type: BTreeMap::from([(aircraft_type("763"), 60)]),
        };
        assert_eq!(
            state,
            crate::State::Airport(State {
                registered: Some(expected)
            })
        );
    }
}

#[test]
fn an_airport_is_corrected_again_and_back() {
    airport(&[registered(), corrected("Kahului", "Asia/Tokyo")])
        .when(correct(Some("Honolulu"), Some("Pacific/Honolulu")))
        .then(then(Event::Corrected {
            name: "Honolulu".to_owned(),
            zone: zone(),
            previous_name: "Kahului".to_owned(),
            previous_zone: ZoneName::parse("Asia/Tokyo").unwrap(),
        }));
}

#[test]
fn nothing_is_corrected_where_no_airport_is_registered() {
    airport(&[])
        .when(correct(Some("Honolulu"), None))
        .then_rejected(expect!["not-registered: the airport is not registered"]);
}

#[test]
fn a_corrected_name_is_as_long_as_a_registered_one() {
    airport(&[registered()]).when(correct(Some(""), None)).then_rejected(expect![[r#"
        name-length: the name has 0 characters; 1 to 100 are possible
         characters=0"#]]);
    airport(&[registered()])
        .when(correct(Some(&"x".repeat(101)), Some("Asia/Tokyo")))
        .then_rejected(expect![[r#"
            name-length: the name has 101 characters; 1 to 100 are possible
             characters=101"#]]);
}

#[test]
fn a_correction_that_changes_nothing_is_rejected() {
    for (name, zone) in [(None, None), (Some("Honolulu"), None), (Some("Honolulu"), Some("Pacific/Honolulu"))] {
        airport(&[registered()]).when(correct(name, zone)).then_rejected(expect![[r#"
            nothing-to-change: the airport is Honolulu in zone Pacific/Honolulu already
             name=Honolulu zone=Pacific/Honolulu"#]]);
    }
}

#[test]
#[cfg(not(debug_assertions))]
fn an_event_that_does_not_fit_changes_nothing() {
    let mut state = State::default();
    evolve(&mut state, &was_set(None, 40));
    evolve(&mut state, &corrected("Other", "Asia/Tokyo"));
    assert_eq!(state, State::default());
    evolve(&mut state, &registered());
    let once = state.clone();
    evolve(
        &mut state,
        &Event::Registered {
            name: "Other".to_owned(),
            zone: zone(),
            minimum_ground_time_minutes: 0,
        },
    );
    assert_eq!(state, once);
}

#[test]
fn a_state_takes_more_bytes_with_a_longer_name_and_with_each_type() {
    let size = |events: &[Event]| {
        let mut state = State::default();
        events.iter().for_each(|event| evolve(&mut state, event));
        state.size_bytes()
    };
    assert!(size(&[]) < size(&[registered()]));
    assert!(size(&[registered()]) < size(&[registered(), was_set(Some("763"), 60)]));
    assert_eq!(size(&[registered()]), size(&[registered(), was_set(None, 60)]));
    let two_types = [registered(), was_set(Some("763"), 60), was_set(Some("332"), 60)];
    assert_eq!(size(&two_types), 192 + "Honolulu".len() + 2 * 64);
}

#[test]
fn an_airport_has_minimum_ground_times_for_a_bounded_number_of_aircraft_types() {
    let of_type = |number: usize| format!("{number:04}");
    let full: Vec<Event> = std::iter::once(registered())
        .chain((0..AIRCRAFT_TYPES_MAX).map(|number| was_set(Some(&of_type(number)), 40)))
        .collect();
    airport(&full).when(set(Some("332"), 40)).then_rejected(expect![[r#"
        too-many-aircraft-types: the airport has minimum ground times for 1000 aircraft types, and there can be no more
         aircraft_types_max=1000"#]]);
    // Those that it has can be changed, and so can the one for all others.
    airport(&full)
        .when(set(Some(&of_type(7)), 50))
        .then(then(was_set(Some(&of_type(7)), 50)));
    airport(&full).when(set(None, 50)).then(then(was_set(None, 50)));
    airport(&full[..AIRCRAFT_TYPES_MAX])
        .when(set(Some("332"), 40))
        .then(then(was_set(Some("332"), 40)));
}
