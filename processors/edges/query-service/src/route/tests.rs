//! Every template leads to its route, and nothing else does.

use super::*;

#[test]
fn every_template_is_the_template_of_the_route_that_it_leads_to() {
    for template in TEMPLATES {
        let path = template.replace("{check}", "overlap").replace(['{', '}'], "");
        assert_eq!(Route::parse(&path).unwrap().template(), template);
    }
}

#[test]
fn names_in_a_path_are_percent_decoded() {
    let id = Cow::Borrowed("HA:1/x");
    assert_eq!(Route::parse("/rotations/HA%3A1%2Fx"), Some(Route::Rotation { id }));
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
        "/checks/Overlap",
        "/health",
        "*",
    ] {
        assert_eq!(Route::parse(path), None, "{path:?}");
    }
}
