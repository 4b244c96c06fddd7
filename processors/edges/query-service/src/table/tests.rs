//! Every template leads to its route, and nothing else does.

use super::*;
use crate::fixture::View;
use application::View as _;
use keyvalue::Memory;
use views::ScheduleGraph;

fn table() -> Table {
    let view = || View::new(Memory::default(), "0:1");
    Table::new(vec![
        AskedView::new::<ScheduleGraph, _>(view(), true),
        AskedView::new::<ScheduleGraph, _>(view(), false),
    ])
}

fn template(table: &Table, path: &str) -> Option<&'static str> {
    table.find(path).map(|target| table.templates[table.template(&target)])
}

#[test]
fn every_template_is_the_template_of_the_route_that_it_leads_to() {
    let table = table();
    assert_eq!(table.templates.len(), ScheduleGraph::ROUTES.len() + PROCESS.len());
    for known in &table.templates {
        let path = known.replace(['{', '}'], "");
        assert_eq!(template(&table, &path), Some(*known), "{path}");
    }
}

#[test]
fn names_in_a_path_are_percent_decoded() {
    let table = table();
    let Some(Target::Question(question)) = table.find("/rotations/HA%3A1%2Fx") else {
        panic!("it is no question");
    };
    assert_eq!(question.names, [("id", Cow::Borrowed("HA:1/x"))]);
}

#[test]
fn a_version_of_a_view_is_asked_by_its_name() {
    let table = table();
    let edition = application::edition::<ScheduleGraph>();
    assert_eq!(template(&table, &format!("/views/{edition}/rotations/R1")), Some("/rotations/{id}"));
    assert_eq!(template(&table, &format!("/views/{edition}/position")), Some("/position"));
    for path in ["", "/", "/views", "/rotations/"] {
        assert_eq!(template(&table, &format!("/views/{edition}{path}")), None, "{path}");
    }
    assert_eq!(template(&table, "/views/schedule-graph-999/rotations"), None);
}

#[test]
fn there_is_nothing_elsewhere() {
    for path in [
        "",
        "/",
        "rotations",
        "/rotations/",
        "/rotations/a/",
        "/rotations/a/legs",
        "/rotations/a/legs/b/c",
        "/rotations/%ff",
        "/checks",
        "/health",
        "/views/",
        "*",
    ] {
        assert_eq!(template(&table(), path), None, "{path:?}");
    }
}
