//! Which questions are answered where they are asked, and which have a lane.

use super::*;

fn work(path: &str, query: &str) -> Work {
    let route = Route::parse(path).unwrap();
    let parameters = Parameters::parse(query, Question::known_parameters(&route)).unwrap();
    Question::parse(&route, &parameters).unwrap().unwrap().work()
}

#[test]
fn a_question_whose_cost_depends_on_what_clients_have_put_into_the_schedule_is_no_point() {
    for (path, query, expected) in [
        ("/rotations/R1", "", Work::Point),
        ("/airports/HNL", "", Work::Point),
        ("/position", "", Work::Point),
        ("/position", "content_hash=true", Work::Whole),
        ("/rotations", "", Work::Page),
        ("/checks/overlap", "", Work::Page),
        // All violations of one rotation are counted.
        ("/checks/overlap", "rotation=R1", Work::Page),
        ("/checks/overlap", "rotation=R1&recompute=true", Work::Whole),
        ("/checks/overlap", "rotation=R1&airplane=N475HA", Work::Search),
        ("/checks/overlap", "rotation_prefix=R", Work::Search),
        ("/legs", "designator=HA11", Work::Search),
    ] {
        assert_eq!(work(path, query), expected, "{path}?{query}");
    }
}
