//! Which directories are gone on with, which are set aside, and which are refused.

use super::*;
use keyvalue::Mutation;
use std::fs;
use tempfile::TempDir;

const EDITION: Edition = Edition {
    view: "schedule",
    version: 3,
    time_zones: "2026f",
};

fn log() -> Log {
    Log {
        cluster_id: "cluster".into(),
        topic: "schedule.events".into(),
        topic_id: "id".into(),
        partitions: 2,
    }
}

fn reopen(directory: &TempDir, edition: Edition) -> Store {
    open(directory.path(), edition, Sizing::default()).unwrap()
}

fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mark(store: &Store) {
    store
        .apply(&[Mutation::Put {
            key: vec![9],
            value: vec![1],
        }])
        .unwrap();
}

fn is_marked(store: &Store) -> bool {
    store.get(&[9], |_| ()).unwrap().is_some()
}

#[test]
fn a_view_goes_on_where_it_was_on_the_same_log() {
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory, EDITION);
    let progress = bind(&store, EDITION, &log()).unwrap();
    assert_eq!(progress.position().to_string(), "0:0,1:0");
    mark(&store);
    drop(store);
    let store = reopen(&directory, EDITION);
    assert_eq!(bind(&store, EDITION, &log()).unwrap(), progress);
    assert!(is_marked(&store));
    assert_eq!(names(&directory), ["schedule"]);
}

#[test]
fn a_view_of_another_log_is_refused_and_not_touched() {
    let others = [
        Log {
            cluster_id: "another".into(),
            ..log()
        },
        Log {
            topic_id: "another".into(),
            ..log()
        },
        Log { partitions: 3, ..log() },
    ];
    for other in others {
        let directory = TempDir::new().unwrap();
        let store = reopen(&directory, EDITION);
        bind(&store, EDITION, &log()).unwrap();
        mark(&store);
        let refusal = bind(&store, EDITION, &other).unwrap_err().to_string();
        assert!(
            refusal.contains("cluster cluster, topic schedule.events id, 2 partitions"),
            "{refusal}"
        );
        assert!(is_marked(&store));
    }
}

#[test]
fn a_view_of_another_version_or_by_another_time_zone_database_is_set_aside_and_built_anew() {
    let later = "2027a";
    for newer in [
        Edition { version: 4, ..EDITION },
        Edition {
            time_zones: later,
            ..EDITION
        },
    ] {
        let directory = TempDir::new().unwrap();
        let store = reopen(&directory, EDITION);
        bind(&store, EDITION, &log()).unwrap();
        mark(&store);
        drop(store);
        assert!(!is_marked(&reopen(&directory, newer)));
        assert_eq!(names(&directory), ["schedule", "schedule.set-aside-1"]);
    }
}

#[test]
fn a_corrupt_directory_is_set_aside_and_built_anew() {
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory, EDITION);
    bind(&store, EDITION, &log()).unwrap();
    mark(&store);
    store.flush().unwrap();
    drop(store);
    fs::write(directory.path().join("schedule/CURRENT"), "nonsense").unwrap();
    assert!(!is_marked(&reopen(&directory, EDITION)));
    assert_eq!(names(&directory), ["schedule", "schedule.set-aside-1"]);
}

#[test]
fn a_directory_that_asked_for_a_rebuild_is_set_aside() {
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory, EDITION);
    bind(&store, EDITION, &log()).unwrap();
    mark(&store);
    ask_for_rebuild(&store);
    drop(store);
    assert!(!is_marked(&reopen(&directory, EDITION)));
}

#[test]
fn a_directory_that_does_not_say_what_it_holds_is_set_aside() {
    let directory = TempDir::new().unwrap();
    mark(&reopen(&directory, EDITION));
    assert!(!is_marked(&reopen(&directory, EDITION)));
}

#[test]
fn a_directory_that_another_process_has_open_is_refused() {
    let directory = TempDir::new().unwrap();
    let _open = reopen(&directory, EDITION);
    let refusal = open(directory.path(), EDITION, Sizing::default()).err().unwrap().to_string();
    assert!(refusal.contains("another process has it open"), "{refusal}");
    assert_eq!(names(&directory), ["schedule"]);
}

#[test]
fn a_state_directory_that_is_a_file_is_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let refusal = open(&file, EDITION, Sizing::default()).err().unwrap().to_string();
    assert!(refusal.contains("cannot be created or set aside"), "{refusal}");
}
