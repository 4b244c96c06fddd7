//! Planted differences between a map and its crates.

use super::violations;
use std::collections::BTreeMap;

const MAP: &str = "# Architecture

| `not/a/row/` | of the map | `x` |

## Code map, in the order in which data flows

| where | what | depends on |
|---|---|---|
| `pure/domain/` | the rulebook | |
| `pure/views/` | `project` | `decider`, `domain` |
| `scripts/` | demo | |

## Words
";
const EDGES: &str = "domain -> bank (tests)\nviews -> decider\nviews -> domain\nviews -> store (tests)\n";

#[track_caller]
fn check(map: &str, edges: &str, expected: &[&str]) {
    let places = [("domain", "pure/domain"), ("views", "pure/views")];
    let places: BTreeMap<String, String> = places
        .into_iter()
        .map(|(name, place)| (name.to_owned(), place.to_owned()))
        .collect();
    let found = violations(map, &places, edges);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "\"{expected}\" in: {found}");
    }
}

#[test]
fn a_map_that_is_true_has_no_violations() {
    check(MAP, EDGES, &[]);
}

#[test]
fn a_crate_without_a_row_and_a_row_without_a_crate_are_violations() {
    let renamed = MAP.replace("pure/views", "pure/view");
    check(
        &renamed,
        EDGES,
        &["no row for `pure/views/`", "a row for `pure/view/`, where no crate is"],
    );
}

#[test]
fn a_crate_with_two_rows_is_a_violation() {
    let twice = MAP.replace("| `scripts/`", "| `pure/domain/` | again | |\n| `scripts/`");
    check(&twice, EDGES, &["more than one row for `pure/domain/`"]);
}

#[test]
fn a_dependency_too_many_or_too_few_is_a_violation() {
    let said = "`pure/views/` depends on: `decider`, `domain`; the code map says: ";
    check(&MAP.replace("`decider`, `domain`", "`domain`"), EDGES, &[said]);
    check(&MAP.replace("`decider`, `domain`", "all of the above"), EDGES, &[said]);
    check(
        MAP,
        "domain -> views\nviews -> decider\nviews -> domain\n",
        &["`pure/domain/` depends on: `views`"],
    );
}
