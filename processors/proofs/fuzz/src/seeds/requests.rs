//! What fuzzing of requests begins with.

use application::{Asked, Page};
use std::borrow::Cow;

/// Requests to a view, for the target `query`: path and query, and headers on lines of their own.
pub(super) fn requests() -> Vec<Vec<u8>> {
    let texts = [
        "/rotations?limit=2&at_least=0:1\nX-Min-Position: 0:2",
        "/rotations/r1",
        "/rotations/r1?cursor=01",
        "/rotations/r1/legs/%61",
        "/airplanes?limit=1",
        "/airplanes/N475HA",
        "/airports",
        "/airports/HNL",
        "/airports/HNL/departures?from=2008-01-01T00:00:00Z&to=2009-01-01T00:00:00%2B01:00",
        "/airports/LAX/arrivals",
        "/legs?designator=HA11&limit=1",
        "/checks/rotation-continuity?rotation=r1&airplane=N475HA",
        "/checks/ground-time?recompute=true&rotation_prefix=r",
        "/connections?from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z&arrive_before=2009-01-01T00:00:00Z&legs_max=3&min_connection=5&drafts=true",
        "/rotations/r1/legs/%61/impact?delay_minutes=30&min_connection=40&drafts=true",
        "/timeline?from=2008-01-01T00:00:00Z&to=2009-01-01T00:00:00Z&airplanes=N475HA,N1",
        "/timeline?from=2008-01-01T00:00:00Z&to=2009-01-01T00:00:00Z&prefix=N4&limit=2",
        "/position?content_hash=true",
        "/health/ready",
        "/airports/HNL/board?from=2008-01-01T00:00:00Z&limit=3",
        "/graph/nodes/rotation/r1?edges=legs,airplane&limit=1",
        "/graph/nodes/leg/r1%2Fa",
        "/graph/nodes/designator-day/HA11/HNL/2008-01-31",
        "/graph/traverse?start=airplane/N475HA&edges=former-rotations,legs&direction=both&depth=3&nodes_max=100&bytes_max=4096",
        "/explain/rotation/r1?limit=2",
        "/explain/leg/r1/d",
        "/explain/violation/unknown-reference/r1/a/destination",
        "/checks/unknown-reference?airport=LAX&from=2008-01-01T00:00:00Z&to=2009-01-01T00:00:00Z",
        "/rotations/r1?as_of=0:12",
        "/airports?as_of=2008-01-31T18:05:00Z",
        "/changes?after=0:3&kinds=LegAdded,violation-appeared&airport=HNL,LAX&airplane=N475HA&rotation=r1&check=overlap&aggregate=rotation/r1",
        "/changes?at_least=0:1\nLast-Event-ID: 0:3",
        "/views/schedule-graph-3/rotations?pretty",
    ];
    let texts = texts.map(str::to_owned).into_iter().chain([
        format!("/rotations?limit=1&cursor={}", cursor("/rotations", &[], b"\x12r1")),
        format!(
            "/explain/rotation/r1?limit=1&cursor={}",
            cursor("/explain/{+node}", &[("node", "rotation/r1".into())], &7_u64.to_be_bytes())
        ),
    ]);
    texts.map(String::into_bytes).collect()
}

/// Where the page of a list goes on that ended with this key.
fn cursor(template: &'static str, names: &[(&'static str, Cow<'_, str>)], last_key: &[u8]) -> String {
    let paging = Asked::new(template, names, Vec::new())
        .paging()
        .expect("no parameter that could be wrong");
    let page = Page::<()> {
        items: Vec::new(),
        next: Some(last_key.to_vec()),
    };
    paging.next(&page).unwrap_or_default()
}

/// Names and places as they stand in paths, parameters and headers.
pub(super) fn names() -> Vec<Vec<u8>> {
    let texts = [
        "0:12,1:7",
        "2008-01-31T18:05:00.000Z",
        "2008-01-31T18:05:00+01:00",
        "airport/HNL",
        "airplane/N475HA",
        "rotation/r1",
        "leg/r1/a",
        "designator-day/HA11/HNL/2008-01-31",
        "ground-time/r1/a",
        "flight-designator/r1/HA11/HNL/2008-01-31",
        "rotation-seam/r1/r2",
        "unknown-reference/r1/airplane",
        "unknown-reference/r1/a/origin",
        "unknown-reference/r1/a/destination",
        "rotation%2Fr1",
    ];
    let texts = texts.map(str::to_owned).into_iter().chain([cursor("/rotations", &[], b"\x12r1")]);
    texts.map(String::into_bytes).collect()
}
