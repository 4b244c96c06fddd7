//! Values of the domain for tests: one of each by hand, and any at all by strategy.

use domain::rotation::{Leg, Mode};
use domain::{
    AggregateId, AircraftType, AirportCode, Command, Event, FlightDesignator, Instant, LegId, Registration, ZoneName, airplane, airport,
    rotation,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const VALID: &str = "samples are valid";

pub const DEPARTURE: Instant = Instant(1_201_802_700_000);
pub const ARRIVAL: Instant = Instant(1_201_820_700_000);

pub fn leg(id: &str) -> Leg {
    Leg {
        id: leg_id(id),
        designator: FlightDesignator::parse("HA11").expect(VALID),
        origin: AirportCode::parse("HNL").expect(VALID),
        destination: AirportCode::parse("LAX").expect(VALID),
        departure: DEPARTURE,
        arrival: ARRIVAL,
    }
}

pub fn leg_id(id: &str) -> LegId {
    LegId::parse(id).expect(VALID)
}

pub fn registration() -> Registration {
    Registration::parse("N475HA").expect(VALID)
}

fn aircraft_type() -> AircraftType {
    AircraftType::parse("763").expect(VALID)
}

fn zone() -> ZoneName {
    ZoneName::parse("Pacific/Honolulu").expect(VALID)
}

/// One command of each kind, with the id of an aggregate that it may be for.
pub fn one_command_of_each() -> Vec<(&'static str, Command)> {
    let airport = |command| ("airport/HNL", Command::Airport(command));
    let airplane = |command| ("airplane/N475HA", Command::Airplane(command));
    let rotation = |command| ("rotation/r1", Command::Rotation(command));
    vec![
        airport(airport::Command::Register {
            name: "Honolulu".to_owned(),
            zone: zone(),
            minimum_ground_time_minutes: 30,
        }),
        airport(airport::Command::SetMinimumGroundTime {
            aircraft_type: Some(aircraft_type()),
            minutes: 40,
        }),
        airplane(airplane::Command::Register {
            aircraft_type: aircraft_type(),
        }),
        airplane(airplane::Command::Retire),
        rotation(rotation::Command::Create { mode: Mode::Active }),
        rotation(rotation::Command::AddLegs { legs: vec![leg("a")] }),
        rotation(rotation::Command::RemoveLegs {
            leg_ids: vec![leg_id("a")],
        }),
        rotation(rotation::Command::ReplaceLegs {
            remove: vec![leg_id("a")],
            add: vec![leg("b")],
        }),
        rotation(rotation::Command::RescheduleLeg {
            leg_id: leg_id("a"),
            departure: DEPARTURE,
            arrival: ARRIVAL,
        }),
        rotation(rotation::Command::AssignAirplane {
            registration: registration(),
        }),
        rotation(rotation::Command::UnassignAirplane),
        rotation(rotation::Command::Activate),
        rotation(rotation::Command::Remove),
        airport(airport::Command::Correct {
            name: None,
            zone: Some(zone()),
        }),
        airplane(airplane::Command::Correct {
            aircraft_type: aircraft_type(),
        }),
    ]
}

/// One event of each kind.
pub fn one_event_of_each() -> Vec<Event> {
    vec![
        Event::Airport(airport::Event::Registered {
            name: "Honolulu".to_owned(),
            zone: zone(),
            minimum_ground_time_minutes: 30,
        }),
        Event::Airport(airport::Event::MinimumGroundTimeSet {
            aircraft_type: None,
            minutes: 40,
        }),
        Event::Airplane(airplane::Event::Registered {
            aircraft_type: aircraft_type(),
        }),
        Event::Airplane(airplane::Event::Retired),
        Event::Rotation(rotation::Event::Created { mode: Mode::Draft }),
        Event::Rotation(rotation::Event::LegAdded { leg: leg("a") }),
        Event::Rotation(rotation::Event::LegRemoved { leg: leg("a") }),
        Event::Rotation(rotation::Event::LegRescheduled {
            leg_id: leg_id("a"),
            previous_departure: DEPARTURE,
            previous_arrival: ARRIVAL,
            departure: Instant(DEPARTURE.0 + 60_000),
            arrival: Instant(ARRIVAL.0 + 60_000),
        }),
        Event::Rotation(rotation::Event::AirplaneAssigned {
            registration: registration(),
            previous: Some(Registration::parse("N476HA").expect(VALID)),
        }),
        Event::Rotation(rotation::Event::AirplaneUnassigned {
            registration: registration(),
        }),
        Event::Rotation(rotation::Event::Activated),
        Event::Rotation(rotation::Event::Removed),
        Event::Airport(airport::Event::Corrected {
            name: "Daniel K. Inouye".to_owned(),
            zone: zone(),
            previous_name: "Honolulu".to_owned(),
            previous_zone: ZoneName::parse("UTC").expect(VALID),
        }),
        Event::Airplane(airplane::Event::Corrected {
            aircraft_type: aircraft_type(),
            previous: AircraftType::parse("717").expect(VALID),
        }),
        Event::Airplane(airplane::Event::Reregistered {
            aircraft_type: aircraft_type(),
        }),
    ]
}

fn any_leg_id() -> impl Strategy<Value = LegId> {
    "[A-Za-z0-9._:-]{1,64}".prop_map(|text| leg_id(&text))
}

fn any_registration() -> impl Strategy<Value = Registration> {
    "[A-Z0-9-]{2,10}".prop_map(|text| Registration::parse(&text).expect(VALID))
}

fn any_aircraft_type() -> impl Strategy<Value = AircraftType> {
    "[A-Z0-9]{2,4}".prop_map(|text| AircraftType::parse(&text).expect(VALID))
}

fn any_zone() -> impl Strategy<Value = ZoneName> {
    prop::sample::select(vec!["Pacific/Honolulu", "America/Argentina/Buenos_Aires", "UTC"])
        .prop_map(|name| ZoneName::parse(name).expect(VALID))
}

/// Years 1653 to 2286.
pub fn any_instant() -> impl Strategy<Value = Instant> {
    (-10_000_000_000_000_i64..10_000_000_000_000).prop_map(Instant)
}

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Draft, Mode::Active])
}

pub fn any_leg() -> impl Strategy<Value = Leg> {
    let designator = ("[A-Z]{2}|[A-Z][0-9]|[0-9][A-Z]|[A-Z]{3}", 1..=9999_u16, "[A-Z]?");
    let designator =
        designator.prop_map(|(airline, number, suffix)| FlightDesignator::parse(&format!("{airline}{number}{suffix}")).expect(VALID));
    (any_leg_id(), designator, "[A-Z]{3}", "[A-Z]{3}", any_instant(), any_instant()).prop_map(
        |(id, designator, origin, destination, departure, arrival)| Leg {
            id,
            designator,
            origin: AirportCode::parse(&origin).expect(VALID),
            destination: AirportCode::parse(&destination).expect(VALID),
            departure,
            arrival,
        },
    )
}

pub fn any_command() -> impl Strategy<Value = Command> {
    let minutes = 0..=i32::MAX.cast_unsigned();
    let airport = prop_oneof![
        (".*", any_zone(), minutes.clone()).prop_map(|(name, zone, minutes)| airport::Command::Register {
            name,
            zone,
            minimum_ground_time_minutes: minutes,
        }),
        (option::of(any_aircraft_type()), minutes)
            .prop_map(|(aircraft_type, minutes)| airport::Command::SetMinimumGroundTime { aircraft_type, minutes }),
        (option::of(".*"), option::of(any_zone())).prop_map(|(name, zone)| airport::Command::Correct { name, zone }),
    ];
    let airplane = prop_oneof![
        any_aircraft_type().prop_map(|aircraft_type| airplane::Command::Register { aircraft_type }),
        Just(airplane::Command::Retire),
        any_aircraft_type().prop_map(|aircraft_type| airplane::Command::Correct { aircraft_type }),
    ];
    let rotation = prop_oneof![
        any_mode().prop_map(|mode| rotation::Command::Create { mode }),
        vec(any_leg(), 0..4).prop_map(|legs| rotation::Command::AddLegs { legs }),
        vec(any_leg_id(), 0..4).prop_map(|leg_ids| rotation::Command::RemoveLegs { leg_ids }),
        (vec(any_leg_id(), 0..4), vec(any_leg(), 0..4)).prop_map(|(remove, add)| rotation::Command::ReplaceLegs { remove, add }),
        any_leg().prop_map(|leg| rotation::Command::RescheduleLeg {
            leg_id: leg.id,
            departure: leg.departure,
            arrival: leg.arrival,
        }),
        any_registration().prop_map(|registration| rotation::Command::AssignAirplane { registration }),
        Just(rotation::Command::UnassignAirplane),
        Just(rotation::Command::Activate),
        Just(rotation::Command::Remove),
    ];
    prop_oneof![
        airport.prop_map(Command::Airport),
        airplane.prop_map(Command::Airplane),
        rotation.prop_map(Command::Rotation)
    ]
}

pub fn any_event() -> impl Strategy<Value = Event> {
    let minutes = 0..=i32::MAX.cast_unsigned();
    let airport = prop_oneof![
        (".*", any_zone(), minutes.clone()).prop_map(|(name, zone, minutes)| airport::Event::Registered {
            name,
            zone,
            minimum_ground_time_minutes: minutes,
        }),
        (option::of(any_aircraft_type()), minutes)
            .prop_map(|(aircraft_type, minutes)| airport::Event::MinimumGroundTimeSet { aircraft_type, minutes }),
        (".*", any_zone(), ".*", any_zone()).prop_map(|(name, zone, previous_name, previous_zone)| airport::Event::Corrected {
            name,
            zone,
            previous_name,
            previous_zone,
        }),
    ];
    let airplane = prop_oneof![
        any_aircraft_type().prop_map(|aircraft_type| airplane::Event::Registered { aircraft_type }),
        Just(airplane::Event::Retired),
        (any_aircraft_type(), any_aircraft_type())
            .prop_map(|(aircraft_type, previous)| airplane::Event::Corrected { aircraft_type, previous }),
        any_aircraft_type().prop_map(|aircraft_type| airplane::Event::Reregistered { aircraft_type }),
    ];
    let rotation = prop_oneof![
        any_mode().prop_map(|mode| rotation::Event::Created { mode }),
        any_leg().prop_map(|leg| rotation::Event::LegAdded { leg }),
        any_leg().prop_map(|leg| rotation::Event::LegRemoved { leg }),
        (any_leg(), any_instant(), any_instant()).prop_map(|(leg, departure, arrival)| rotation::Event::LegRescheduled {
            leg_id: leg.id,
            previous_departure: leg.departure,
            previous_arrival: leg.arrival,
            departure,
            arrival,
        }),
        (any_registration(), option::of(any_registration()))
            .prop_map(|(registration, previous)| rotation::Event::AirplaneAssigned { registration, previous }),
        any_registration().prop_map(|registration| rotation::Event::AirplaneUnassigned { registration }),
        Just(rotation::Event::Activated),
        Just(rotation::Event::Removed),
    ];
    prop_oneof![
        airport.prop_map(Event::Airport),
        airplane.prop_map(Event::Airplane),
        rotation.prop_map(Event::Rotation)
    ]
}

pub fn aggregate(id: &str) -> AggregateId {
    AggregateId::parse(id).expect(VALID)
}
