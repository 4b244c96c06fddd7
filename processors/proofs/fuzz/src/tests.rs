//! Every target on its seeds, on their beginnings, and on what failed once.

use crate::{INPUT_BYTES_MAX, TARGETS, joined, seeds_of, split, target};
use application::View as _;
use http_server::names_in_path;
use std::fs;
use std::path::Path;
use views::ScheduleGraph;

/// Inputs that once made a target fail lie here, one folder for each target.
const FAILED_ONCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/inputs");

#[test]
fn every_target_takes_most_of_its_seeds_for_what_it_reads() {
    for target in TARGETS {
        let seeds = seeds_of(target.name);
        let taken = seeds.iter().filter(|seed| (target.run)(seed)).count();
        assert!(taken * 2 > seeds.len().min(40), "{}: {taken} of {}", target.name, seeds.len());
        assert!(seeds.iter().all(|seed| seed.len() <= INPUT_BYTES_MAX), "{}", target.name);
    }
}

#[test]
fn every_route_has_a_request_among_the_seeds_that_is_answered() {
    let target = target("query").unwrap();
    let answered: Vec<Vec<u8>> = seeds_of("query").into_iter().filter(|seed| (target.run)(seed)).collect();
    for route in ScheduleGraph::ROUTES {
        let is_of_route = |seed: &&Vec<u8>| {
            let path = seed.split(|byte| b"?\n".contains(byte)).next().unwrap();
            names_in_path(route.template, std::str::from_utf8(path).unwrap()).is_some()
        };
        assert!(answered.iter().any(|seed| is_of_route(&seed)), "{}", route.template);
    }
}

#[test]
fn every_target_returns_for_each_beginning_of_its_seeds() {
    for target in TARGETS {
        for seed in seeds_of(target.name) {
            for length in (0..seed.len()).step_by(1 + seed.len() / 50) {
                (target.run)(&seed[..length]);
            }
        }
    }
}

#[test]
fn every_input_that_failed_once_fails_no_more() {
    let mut inputs = 0;
    for folder in fs::read_dir(Path::new(FAILED_ONCE)).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let target = target(name).unwrap_or_else(|| panic!("{name} is no target"));
        for input in fs::read_dir(&folder).unwrap() {
            (target.run)(&fs::read(input.unwrap().path()).unwrap());
            inputs += 1;
        }
    }
    assert!(inputs > 0, "{FAILED_ONCE} is empty");
}

#[test]
fn fields_are_taken_apart_as_they_were_joined() {
    let fields: [&[u8]; 4] = [b"one", b"", &[7; 300], b"last"];
    assert!(split(&joined(fields)).eq(fields));
    assert!(split(b"\xff\xffall that is left").eq([b"all that is left"]));
    assert_eq!(split(b"\0").count(), 0);
}
