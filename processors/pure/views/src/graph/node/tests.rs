//! Node ids as text.

use super::*;
use proptest::prelude::*;

fn id() -> impl Strategy<Value = String> {
    "[A-Za-z0-9._:-]{1,64}"
}

fn node() -> impl Strategy<Value = NodeId> {
    let code = || "[A-Z]{3}".prop_map(|code| AirportCode::parse(&code).unwrap());
    let rotation = || id().prop_map(|id| RotationId::parse(&id).unwrap());
    let designator = "[A-Z]{2}[1-9][0-9]{0,3}".prop_map(|text| FlightDesignator::parse(&text).unwrap());
    prop_oneof![
        code().prop_map(NodeId::Airport),
        "[A-Z][A-Z0-9-]{1,8}".prop_filter_map("no registration", |text| Registration::parse(&text).ok().map(NodeId::Airplane)),
        rotation().prop_map(NodeId::Rotation),
        (rotation(), id()).prop_map(|(rotation, leg)| NodeId::Leg(rotation, LegId::parse(&leg).unwrap())),
        (designator, code(), -1..84_371_i32)
            .prop_map(|(designator, airport, date)| { NodeId::DesignatorDay(DesignatorDay { designator, airport, date }) }),
    ]
}

proptest! {
    #[test]
    fn a_node_id_is_read_as_it_was_written(node in node()) {
        prop_assert_eq!(NodeId::parse(&node.to_string()), Ok(node));
    }

    #[test]
    fn what_is_read_is_written_alike(text in "(airport|airplane|rotation|leg|designator-day|day)(/[A-Z0-9-]{0,6}){0,4}") {
        match NodeId::parse(&text) {
            Ok(node) => prop_assert!(node.to_string().starts_with(node.kind().name())),
            Err(error) => prop_assert!(error.to_string().contains("is no node id")),
        }
    }
}

#[test]
fn ids_name_the_kind_and_what_is_needed_to_find_the_node() {
    for text in [
        "airport/HNL",
        "airplane/N475HA",
        "rotation/R1",
        "leg/R1/L:2",
        "designator-day/HA11/HNL/2008-01-31",
        "designator-day/HA11/HNL/1969-12-31",
    ] {
        let node = NodeId::parse(text).unwrap();
        assert_eq!(node.to_string(), text);
        assert!(NodeKind::ALL.contains(&node.kind()));
    }
    for text in [
        "",
        "HNL",
        "airport/",
        "airport/HNL/x",
        "leg/R1",
        "rotation/a b",
        "designator-day/HA11/HNL/2008-02-30",
        "gate/1",
    ] {
        assert_eq!(NodeId::parse(text), Err(InvalidNodeId { text: text.into() }));
    }
}
