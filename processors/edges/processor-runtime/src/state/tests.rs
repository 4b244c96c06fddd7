//! Directories that fit, that do not, and that cannot be read.

use super::*;

const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// A cluster with topics of these ids: commands, events, outcomes, dead letters.
fn live(cluster: &str, ids: [&str; 4]) -> Identity {
    let topology = topology();
    let names = topology.topics().map(|topic| topic.name.clone());
    Identity {
        cluster_id: cluster.to_owned(),
        topics: names.into_iter().zip(ids.map(str::to_owned)).collect(),
        partitions: topology.partitions,
    }
}

fn topology() -> Topology {
    Topology::with_prefix("schedule", None).unwrap()
}

fn layout_of(state_version: u32) -> Vec<u8> {
    keys::layout_value(WEEK_MS, state_version)
}

fn bind_to(store: &Store, cluster: &str) -> Result<(), StateError> {
    bind(store, &live(cluster, ["c", "e", "o", "d"]), &topology(), &layout_of(1))
}

#[test]
fn an_identity_is_read_from_its_text() {
    let identity = live("a", ["c", "e", "o", "d"]);
    assert_eq!(Identity::read(&identity.text()), Some(identity));
    assert_eq!(Identity::read("cluster a"), None);
}

#[test]
fn a_state_of_another_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("state"), Sizing::default(), &layout_of(1)).unwrap();
    bind_to(&store, "a").unwrap();
    let topology = Topology::with_prefix("other", None).unwrap();
    let mut other = live("a", ["c", "e", "o", "d"]);
    for (name, _) in &mut other.topics {
        *name = name.replace("schedule", "other");
    }
    assert!(matches!(
        bind(&store, &other, &topology, &layout_of(1)),
        Err(StateError::OtherLog { .. })
    ));
}

#[test]
fn a_state_goes_on_with_any_topic_that_was_created_again_but_the_events() {
    let ids = ["c", "e", "o", "d"];
    for changed in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("state"), Sizing::default(), &layout_of(1)).unwrap();
        bind(&store, &live("a", ids), &topology(), &layout_of(1)).unwrap();
        let mut now = ids;
        now[changed] = "another";
        let bound = bind(&store, &live("a", now), &topology(), &layout_of(1));
        if changed == 1 {
            let error = bound.unwrap_err().to_string();
            assert!(error.contains("backup") && !error.contains("delete this"), "{error}");
        } else {
            bound.unwrap();
            bind(&store, &live("a", now), &topology(), &layout_of(1)).unwrap();
        }
    }
}

#[test]
fn a_state_folds_all_outcomes_of_a_topic_that_was_created_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("state"), Sizing::default(), &layout_of(1)).unwrap();
    bind(&store, &live("a", ["c", "e", "o", "d"]), &topology(), &layout_of(1)).unwrap();
    let cursor = Cursor {
        next_command_offset: 7,
        next_event_offset: 8,
        next_outcome_offset: 9,
        ..Cursor::default()
    };
    store.apply(&[cursor.mutation(3)]).unwrap();
    bind(&store, &live("a", ["c", "e", "o", "another"]), &topology(), &layout_of(1)).unwrap();
    assert_eq!(Cursor::load(&store, 3).unwrap(), Some(cursor));
    bind(&store, &live("a", ["c", "e", "another", "another"]), &topology(), &layout_of(1)).unwrap();
    let next_outcome_offset = 0;
    let expected = Cursor {
        next_outcome_offset,
        ..cursor
    };
    assert_eq!(Cursor::load(&store, 3).unwrap(), Some(expected));
}

#[test]
fn a_state_is_bound_to_the_log_that_it_was_built_from() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("state"), Sizing::default(), &layout_of(1)).unwrap();
    bind_to(&store, "a").unwrap();
    bind_to(&store, "a").unwrap();
    let error = bind_to(&store, "b").unwrap_err().to_string();
    assert!(
        error.contains("cluster a") && error.contains("cluster b") && error.contains("state_directory"),
        "{error}"
    );
}

#[test]
fn a_corrupt_state_is_set_aside_and_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    bind_to(&open(&path, Sizing::default(), &layout_of(1)).unwrap(), "a").unwrap();
    std::fs::write(path.join("CURRENT"), "nonsense").unwrap();
    let store = open(&path, Sizing::default(), &layout_of(1)).unwrap();
    bind_to(&store, "b").unwrap();
    assert!(folder.path().join("state.set-aside-1").exists());
}

#[test]
fn a_state_of_another_layout_is_set_aside_and_built_again() {
    let other_number = vec![keys::LAYOUT_NUMBER + 1];
    for other in [
        None,
        Some(other_number),
        Some(keys::layout_value(WEEK_MS + 1, 1)),
        Some(layout_of(2)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        {
            let store = open(&path, Sizing::default(), &layout_of(1)).unwrap();
            bind_to(&store, "a").unwrap();
            let key = keys::layout();
            let change = match other {
                None => Mutation::Delete { key },
                Some(value) => Mutation::Put { key, value },
            };
            store.apply(&[change]).unwrap();
        }
        let store = open(&path, Sizing::default(), &layout_of(1)).unwrap();
        assert_eq!(store.get(&keys::identity(), |_| ()).unwrap(), None);
        assert!(folder.path().join("state.set-aside-1").exists());
    }
}

#[test]
fn a_state_whose_first_block_is_broken_is_set_aside_and_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    {
        let store = open(&path, Sizing::default(), &layout_of(1)).unwrap();
        bind_to(&store, "a").unwrap();
        store.flush().unwrap();
    }
    let files = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let tables: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "sst"))
        .collect();
    assert!(!tables.is_empty());
    for table in tables {
        let mut bytes = std::fs::read(&table).unwrap();
        bytes[4] ^= 0x40;
        std::fs::write(&table, bytes).unwrap();
    }
    let store = open(&path, Sizing::default(), &layout_of(1)).unwrap();
    bind_to(&store, "b").unwrap();
    assert!(folder.path().join("state.set-aside-1").exists());
}

#[test]
fn a_state_that_another_process_has_open_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path(), Sizing::default(), &layout_of(1)).unwrap();
    let error = open(folder.path(), Sizing::default(), &layout_of(1)).err().unwrap().to_string();
    assert!(error.contains("another process"), "{error}");
}

#[test]
fn a_path_that_is_no_directory_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "").unwrap();
    let error = open(&path, Sizing::default(), &layout_of(1)).err().unwrap().to_string();
    assert!(error.contains("file"), "{error}");
}
