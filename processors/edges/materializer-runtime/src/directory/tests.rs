//! Which directories are gone on with, which are set aside, and which are refused.

use super::*;
use keyvalue::Mutation;
use std::fs;
use tempfile::TempDir;

fn edition() -> Edition {
    Edition {
        view: "accounts",
        version: 3,
        built_with: Some("time zones 2026f".to_owned()),
        until: None,
    }
}

fn log() -> Log {
    Log {
        cluster_id: "cluster".into(),
        topic: "schedule.events".into(),
        topic_id: "id".into(),
        partitions: 2,
    }
}

fn reopen(directory: &TempDir, edition: &Edition) -> Store {
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
    let store = reopen(&directory, &edition());
    let progress = bind(&store, &edition(), &log()).unwrap();
    assert_eq!(progress.position().to_string(), "0:0,1:0");
    mark(&store);
    drop(store);
    let store = reopen(&directory, &edition());
    assert_eq!(bind(&store, &edition(), &log()).unwrap(), progress);
    assert!(is_marked(&store));
    assert_eq!(names(&directory), ["accounts-3"]);
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
        let store = reopen(&directory, &edition());
        bind(&store, &edition(), &log()).unwrap();
        mark(&store);
        let refusal = bind(&store, &edition(), &other).unwrap_err().to_string();
        assert!(
            refusal.contains("cluster cluster, topic schedule.events id, 2 partitions"),
            "{refusal}"
        );
        assert!(is_marked(&store));
    }
}

#[test]
fn a_view_that_was_built_with_other_data_is_set_aside_and_rebuilt() {
    for built_with in [Some("time zones 2027a".to_owned()), None] {
        let newer = Edition { built_with, ..edition() };
        let directory = TempDir::new().unwrap();
        let store = reopen(&directory, &edition());
        bind(&store, &edition(), &log()).unwrap();
        mark(&store);
        drop(store);
        assert!(!is_marked(&reopen(&directory, &newer)));
        assert_eq!(names(&directory), ["accounts-3", "accounts-3.set-aside-1"]);
    }
}

#[test]
fn each_version_of_a_view_has_a_directory_of_its_own() {
    let later = Edition { version: 4, ..edition() };
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory, &edition());
    bind(&store, &edition(), &log()).unwrap();
    mark(&store);
    let next = reopen(&directory, &later);
    bind(&next, &later, &log()).unwrap();
    assert!(!is_marked(&next) && is_marked(&store));
    assert_eq!(names(&directory), ["accounts-3", "accounts-4"]);
}

#[test]
fn a_corrupt_directory_is_set_aside_and_rebuilt() {
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory, &edition());
    bind(&store, &edition(), &log()).unwrap();
    mark(&store);
    store.flush().unwrap();
    drop(store);
    fs::write(directory.path().join("accounts-3/CURRENT"), "nonsense").unwrap();
    assert!(!is_marked(&reopen(&directory, &edition())));
    assert_eq!(names(&directory), ["accounts-3", "accounts-3.set-aside-1"]);
}

#[test]
fn a_directory_that_asked_for_a_rebuild_is_set_aside() {
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory, &edition());
    bind(&store, &edition(), &log()).unwrap();
    mark(&store);
    ask_for_rebuild(&store);
    drop(store);
    assert!(!is_marked(&reopen(&directory, &edition())));
}

#[test]
fn a_directory_that_does_not_say_what_it_holds_is_set_aside() {
    let directory = TempDir::new().unwrap();
    mark(&reopen(&directory, &edition()));
    assert!(!is_marked(&reopen(&directory, &edition())));
}

#[test]
fn a_directory_that_another_process_has_open_is_refused() {
    let directory = TempDir::new().unwrap();
    let _open = reopen(&directory, &edition());
    let refusal = open(directory.path(), &edition(), Sizing::default()).err().unwrap().to_string();
    assert!(refusal.contains("another process has it open"), "{refusal}");
    assert_eq!(names(&directory), ["accounts-3"]);
}

#[test]
fn a_state_directory_that_is_a_file_is_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let refusal = open(&file, &edition(), Sizing::default()).err().unwrap().to_string();
    assert!(refusal.contains("cannot be created or set aside"), "{refusal}");
}
