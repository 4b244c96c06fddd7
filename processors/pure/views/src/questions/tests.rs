//! Which questions are answered where they are asked, and which on the threads of a pool.

use super::*;
use std::borrow::Cow;

fn work(template: &str, name: (&'static str, &'static str), query: &str) -> Work {
    let route = ROUTES.iter().find(|route| route.template == template).unwrap();
    let parameters = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let names = [(name.0, Cow::Borrowed(name.1)), ("leg", Cow::Borrowed("L1"))];
    (route.question)(&Asked::new(route.template, &names, parameters)).unwrap().work()
}

const CONNECTIONS: &str = "from=HNL&to=LAX&depart_after=2008-01-01T00:00:00Z";

#[test]
fn a_question_whose_cost_depends_on_what_clients_have_put_into_the_schedule_is_no_point() {
    let (rotation, airplane, airport, check) = (("id", "R1"), ("id", "N475HA"), ("code", "HNL"), ("check", "overlap"));
    for (template, name, query, expected) in [
        ("/rotations/{id}", rotation, "", Work::Point),
        ("/airports/{code}", airport, "", Work::Point),
        ("/airplanes/{id}", airplane, "", Work::Point),
        // Rotations that have ended before it are looked at, too.
        ("/airplanes/{id}", airplane, "from=2008-01-01T00:00:00Z", Work::Page),
        ("/rotations", rotation, "", Work::Page),
        ("/checks/{check}", check, "", Work::Page),
        // All violations of one rotation are counted.
        ("/checks/{check}", check, "rotation=R1", Work::Page),
        ("/checks/{check}", check, "rotation=R1&recompute=true", Work::FullScan),
        ("/checks/{check}", check, "rotation=R1&airplane=N475HA", Work::Search),
        ("/checks/{check}", check, "rotation_prefix=R", Work::Search),
        ("/legs", rotation, "designator=HA11", Work::Search),
        ("/connections", rotation, CONNECTIONS, Work::Traversal),
        ("/rotations/{id}/legs/{leg}/impact", rotation, "delay_minutes=30", Work::Traversal),
        (
            "/timeline",
            rotation,
            "from=2008-01-01T00:00:00Z&to=2008-02-01T00:00:00Z",
            Work::Search,
        ),
    ] {
        assert_eq!(work(template, name, query), expected, "{template}?{query}");
    }
}
