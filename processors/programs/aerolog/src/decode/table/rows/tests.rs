//! What events come to, table by table, and that the help names the columns.

use super::super::{Form, sheet::Sheet};
use super::*;
use domain::rotation::{self, Mode};
use domain::{AggregateId, AircraftType, AirportCode, Event, FlightDesignator, Instant, LegId, Registration, ZoneName, airplane, airport};
use keyvalue::Memory;
use views::{Fact, project};

fn fact(sequence: u64, aggregate_id: AggregateId, event: Event) -> Fact {
    Fact {
        partition: 0,
        sequence,
        version: 1,
        command_id: [0; 16],
        command_offset: 0,
        decided_at: Instant(0),
        aggregate_id,
        event,
    }
}

fn airport_of(code: &str, zone: &str) -> (AggregateId, Event) {
    let event = airport::Event::Registered {
        name: "An airport".to_owned(),
        zone: ZoneName::parse(zone).unwrap(),
        minimum_ground_time_minutes: 40,
    };
    (AggregateId::Airport(AirportCode::parse(code).unwrap()), Event::Airport(event))
}

fn of_rotation(id: &str, event: rotation::Event) -> (AggregateId, Event) {
    (AggregateId::Rotation(RotationId::parse(id).unwrap()), Event::Rotation(event))
}

/// A leg as "id designator origin destination departure arrival" on the first of January 2008.
fn leg_added(rotation: &str, text: &str) -> (AggregateId, Event) {
    let [id, designator, origin, destination, departure, arrival] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    let at = |time: &str| Instant::parse(&format!("2008-01-01T{time}Z")).unwrap();
    let leg = rotation::Leg {
        id: LegId::parse(id).unwrap(),
        designator: FlightDesignator::parse(designator).unwrap(),
        origin: AirportCode::parse(origin).unwrap(),
        destination: AirportCode::parse(destination).unwrap(),
        departure: at(departure),
        arrival: at(arrival),
    };
    of_rotation(rotation, rotation::Event::LegAdded { leg })
}

fn assigned(rotation: &str, airplane: &str) -> (AggregateId, Event) {
    let event = rotation::Event::AirplaneAssigned {
        registration: Registration::parse(airplane).unwrap(),
        previous: None,
    };
    of_rotation(rotation, event)
}

/// Two rotations of one airplane, a draft without legs, and every kind of violation.
fn a_schedule() -> Memory {
    let mut told = vec![airport_of("HNL", "Pacific/Honolulu"), airport_of("OGG", "Pacific/Honolulu")];
    let registered = airplane::Event::Registered {
        aircraft_type: AircraftType::parse("717").unwrap(),
    };
    told.push((
        AggregateId::Airplane(Registration::parse("N475HA").unwrap()),
        Event::Airplane(registered),
    ));
    for (id, mode) in [("7", Mode::Active), ("8", Mode::Draft), ("9", Mode::Draft)] {
        told.push(of_rotation(id, rotation::Event::Created { mode }));
    }
    told.extend([
        leg_added("7", "001 5E1 HNL OGG 08:00 08:30:00.5"),
        leg_added("7", "002 5E2 OGG HNL 09:00 09:30"),
        leg_added("8", "1 5E3 OGG LAX 09:10 14:00"),
        leg_added("8", "2 5E3 OGG HNL 13:00 13:30"),
        assigned("7", "N475HA"),
        assigned("8", "N475HA"),
        assigned("9", "N1XX"),
    ]);
    let mut view = Memory::default();
    for (index, (aggregate_id, event)) in told.into_iter().enumerate() {
        let mutations = project(&fact(index as u64 + 1, aggregate_id, event), &view).unwrap();
        view.apply(&mutations);
    }
    view
}

fn csv(table: Table) -> String {
    let mut out = Vec::new();
    let mut sheet = Sheet::new(Form::Csv, columns(table), &mut out).unwrap();
    each(table, &a_schedule(), |row| Ok(sheet.write(row)?)).unwrap();
    sheet.end().unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn legs_have_their_rotations_mode_and_airplane_and_the_date_at_their_origin() {
    let expected = "\
rotation,leg,designator,origin,destination,departure,arrival,origin_date,mode,airplane,aircraft_type
7,001,5E1,HNL,OGG,2008-01-01T08:00:00.000Z,2008-01-01T08:30:00.500Z,2007-12-31,active,N475HA,717
7,002,5E2,OGG,HNL,2008-01-01T09:00:00.000Z,2008-01-01T09:30:00.000Z,2007-12-31,active,N475HA,717
8,1,5E3,OGG,LAX,2008-01-01T09:10:00.000Z,2008-01-01T14:00:00.000Z,2007-12-31,draft,N475HA,717
8,2,5E3,OGG,HNL,2008-01-01T13:00:00.000Z,2008-01-01T13:30:00.000Z,2008-01-01,draft,N475HA,717
";
    assert_eq!(csv(Table::Legs), expected);
}

#[test]
fn rotations_reach_from_their_first_departure_to_their_last_arrival_and_may_have_no_legs() {
    let expected = "\
rotation,mode,airplane,aircraft_type,legs,first_departure,departs_from,last_arrival,arrives_at
7,active,N475HA,717,2,2008-01-01T08:00:00.000Z,HNL,2008-01-01T09:30:00.000Z,HNL
8,draft,N475HA,717,2,2008-01-01T09:10:00.000Z,OGG,2008-01-01T13:30:00.000Z,HNL
9,draft,N1XX,,0,,,,
";
    assert_eq!(csv(Table::Rotations), expected);
}

#[test]
fn each_violation_is_one_row_with_what_its_check_says() {
    let found = csv(Table::Checks);
    let mut lines = found.lines();
    assert_eq!(lines.next(), Some(CHECKS.join(",").as_str()));
    let of_leg_8 = "8,1,2008-01-01T09:10:00.000Z,2008-01-01T14:00:00.000Z,LAX,8,2,2008-01-01T13:00:00.000Z,OGG";
    let expected = [
        format!("rotation-continuity,{of_leg_8},,,,,,,,,,"),
        format!("overlap,{of_leg_8},,,,,,,,,,"),
        "ground-time,7,001,2008-01-01T08:00:00.000Z,2008-01-01T08:30:00.500Z,OGG,7,002,2008-01-01T09:00:00.000Z,OGG,OGG,,,,29,40,,,,".to_owned(),
        "rotation-seam,7,002,2008-01-01T09:00:00.000Z,2008-01-01T09:30:00.000Z,HNL,8,1,2008-01-01T09:10:00.000Z,OGG,,N475HA,,,,,,true,true,".to_owned(),
        "unknown-reference,8,1,2008-01-01T09:10:00.000Z,2008-01-01T14:00:00.000Z,LAX,,,,,LAX,,,,,,,,,".to_owned(),
        "unknown-reference,9,,,,,,,,,,N1XX,,,,,,,,false".to_owned(),
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn several_legs_of_one_designator_and_day_are_one_row_with_their_number() {
    let mut view = a_schedule();
    let (aggregate_id, event) = leg_added("9", "3 5E2 OGG HNL 09:05 09:35");
    let mutations = project(&fact(99, aggregate_id, event), &view).unwrap();
    view.apply(&mutations);
    let mut rows = Vec::new();
    each(Table::Checks, &view, |row| {
        rows.push(row.iter().map(Value::to_string).collect::<Vec<_>>().join(" "));
        Ok(())
    })
    .unwrap();
    rows.retain(|row| row.starts_with("\"flight-designator\""));
    let expected = "\"flight-designator\" \"7\" \"002\" \"2008-01-01T09:00:00.000Z\" \"2008-01-01T09:30:00.000Z\" \"HNL\" \"9\" \"3\" \
                    \"2008-01-01T09:05:00.000Z\" \"OGG\" \"OGG\" null \"5E2\" \"2007-12-31\" null null 2 null null null";
    assert_eq!(rows, [expected]);
}

#[test]
fn the_help_names_every_column_in_its_order() {
    let help = super::super::super::EXAMPLES.split_whitespace().collect::<Vec<_>>().join(" ");
    for (table, columns) in [("legs", LEGS.as_slice()), ("rotations", &ROTATIONS), ("checks", &CHECKS)] {
        assert!(help.contains(&format!("{table} {}", columns.join(", "))), "{table}");
    }
}
