//! The names of all metrics of all programs.

use end_to_end::{History, Program, Schedule, eventually, load};
use reqwest::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Metrics of a process by name: their type, and the labels of each series.
type Families = BTreeMap<String, (String, BTreeSet<Vec<String>>)>;

/// What follows a histogram's name in the names of its series.
const OF_HISTOGRAMS: [&str; 3] = ["_bucket", "_sum", "_count"];
/// What a name of a gauge or a histogram ends with: its unit, or what is counted.
const UNITS: [&str; 5] = ["_seconds", "_bytes", "_ratio", "_offsets", "_info"];

fn families(program: &Program) -> Families {
    let text = program.metrics_text().unwrap();
    let mut families = Families::new();
    let mut helped = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "the help of {name} is no sentence: {help}");
            helped.insert(name.to_owned());
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            families.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else {
            let (series, _value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let plain = OF_HISTOGRAMS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            let name = if families.contains_key(name) { name } else { plain };
            let labels = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
            let labels = labels.filter(|label| label != "le").collect();
            families.get_mut(name).unwrap().1.insert(labels);
        }
    }
    assert!(families.keys().all(|name| helped.contains(name)), "{families:?}");
    families
}

/// A schedule with its three programs, each of which has done something.
struct Running {
    processor: Program,
    materializer: Program,
    gateway: Program,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let schedule = Schedule::new("metrics", 3);
        let mut running = Self {
            processor: Program::processor(&schedule, &folder.join("processor"), "one"),
            materializer: Program::materializer(&schedule, &folder.join("materializer")),
            gateway: Program::gateway(&schedule, &folder.join("gateway"), &[]),
        };
        for program in [&mut running.processor, &mut running.materializer, &mut running.gateway] {
            program.wait_until_ready();
        }
        schedule.send(&load(0, 3, 10));
        History::wait_for(&schedule, 33);
        eventually("the view has events", || {
            running.materializer.metric("aerolog_view_events_applied_total") > 0.0
        });
        for program in [&running.materializer, &running.gateway] {
            assert_eq!(program.request(Method::GET, "/openapi.json").send().unwrap().status(), 200);
        }
        running
    }

    fn families(&self) -> [(&'static str, Families); 3] {
        [
            ("command-processor", families(&self.processor)),
            ("materializer", families(&self.materializer)),
            ("command-gateway", families(&self.gateway)),
        ]
    }
}

fn starting_with<'f>(families: &'f Families, prefix: &str) -> BTreeMap<&'f str, &'f str> {
    let of_prefix = families.iter().filter(|(name, _)| name.starts_with(prefix));
    of_prefix.map(|(name, (kind, _))| (name.as_str(), kind.as_str())).collect()
}

#[test]
fn every_name_is_one_by_convention_and_means_the_same_in_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    let all = running.families();
    let mut kinds: BTreeMap<String, (String, &str)> = BTreeMap::new();
    for (program, families) in &all {
        for (name, (kind, labels)) in families {
            assert!(name.starts_with("aerolog_") || name.starts_with("process_"), "{name} of {program}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} of {program} is a {kind}");
            if kind == "histogram" {
                assert!(UNITS.iter().any(|unit| name.ends_with(unit)), "{name} of {program} has no unit");
            }
            assert_eq!(labels.len(), 1, "{name} of {program} has series with different labels: {labels:?}");
            let is_of_view = name.starts_with("aerolog_view_");
            let has_view = labels.iter().flatten().any(|label| label == "view");
            assert!(!is_of_view || has_view, "{name} does not say of which view it is");
            let (known, elsewhere) = kinds.entry(name.clone()).or_insert((kind.clone(), program));
            assert_eq!(known, kind, "{name} is a {known} of {elsewhere} and a {kind} of {program}");
        }
    }
    let [(_, processor), (_, materializer), (_, gateway)] = &all;
    for shared in [
        "process_",
        "aerolog_build_info",
        "aerolog_http_connections",
        "aerolog_trace_spans_total",
    ] {
        let expected = starting_with(processor, shared);
        assert!(!expected.is_empty(), "{shared}");
        assert_eq!(starting_with(materializer, shared), expected);
        assert_eq!(starting_with(gateway, shared), expected);
    }
    let rocksdb = starting_with(processor, "aerolog_rocksdb_");
    assert!(rocksdb.len() > 3, "{rocksdb:?}");
    assert_eq!(starting_with(materializer, "aerolog_rocksdb_"), rocksdb);
    assert_eq!(
        starting_with(gateway, "aerolog_http_requests"),
        starting_with(materializer, "aerolog_http_requests")
    );
}

#[test]
fn metrics_are_on_the_operations_port_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    for program in [&running.materializer, &running.gateway] {
        let answer = program.request(Method::GET, "/metrics").send().unwrap();
        assert_eq!(answer.status(), 404);
        assert!(program.metrics_text().is_some());
    }
}
