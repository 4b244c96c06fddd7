//! On real RocksDB in temporary directories, compared with the same mutations in memory.

use super::*;
use keyvalue::{Fault, Memory, Order, Read, content_hash};
use rocksdb::WaitForCompactOptions;
use std::ops::ControlFlow;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

fn open(path: &Path) -> Store {
    Store::open(
        path,
        Sizing {
            block_cache_bytes: 1 << 20,
            write_buffer_bytes: 64 << 10,
        },
    )
    .unwrap()
}

fn scan(read: &impl Read, from: &[u8], to: &[u8], order: Order) -> Pairs {
    let mut pairs = Pairs::new();
    read.scan(from, to, order, &mut |key, value| {
        pairs.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })
    .unwrap();
    pairs
}

fn put(key: u32, value: &str) -> Mutation {
    Mutation::Put {
        key: key.to_be_bytes().to_vec(),
        value: value.as_bytes().to_vec(),
    }
}

/// A few thousand mutations that overwrite and delete one another, the same each time.
fn many_mutations() -> Vec<Vec<Mutation>> {
    let mut number = 12_345_u32;
    let mut next = move || {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        number >> 8
    };
    (0..60)
        .map(|batch| {
            let mut mutations: Vec<_> = (0..100)
                .map(|_| put(next() % 3000, &format!("{batch} {}", next()).repeat(8)))
                .collect();
            mutations.push(Mutation::Delete {
                key: (next() % 3000).to_be_bytes().to_vec(),
            });
            let from = next() % 3000;
            mutations.push(Mutation::DeleteRange {
                from: from.to_be_bytes().to_vec(),
                to: (from + 40).to_be_bytes().to_vec(),
            });
            mutations
        })
        .collect()
}

#[test]
fn a_store_reads_as_memory_does_after_the_same_mutations() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut memory = Memory::default();
    for batch in many_mutations() {
        store.apply(&batch).unwrap();
        memory.apply(&batch);
    }
    let (low, high) = (500_u32.to_be_bytes(), 2500_u32.to_be_bytes());
    for order in [Order::Ascending, Order::Descending] {
        let expected = scan(&memory, &low, &high, order);
        assert!(expected.len() > 500);
        assert_eq!(scan(&store, &low, &high, order), expected);
        assert_eq!(scan(&store.snapshot(), &low, &high, order), expected);
    }
    // Short scans here and there, at bounds that are keys and at bounds that are not.
    for from in (0..2900_u32).step_by(37) {
        for (to, order) in [
            (from, Order::Ascending),
            (from + 1, Order::Descending),
            (from + 90, Order::Ascending),
            (from + 91, Order::Descending),
        ] {
            let (from, to) = (from.to_be_bytes(), to.to_be_bytes());
            assert_eq!(scan(&store, &from, &to, order), scan(&memory, &from, &to, order));
        }
    }
    for key in 0..3000_u32 {
        let key = key.to_be_bytes();
        assert_eq!(store.get(&key, <[u8]>::to_vec).unwrap(), memory.get(&key, <[u8]>::to_vec).unwrap());
    }
    assert_eq!(
        content_hash(&store, &[], &[0xFF; 8]).unwrap(),
        content_hash(&memory, &[], &[0xFF; 8]).unwrap()
    );
}

#[test]
fn a_scan_stops_where_its_caller_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.apply(&[put(1, "a"), put(2, "b"), put(3, "c")]).unwrap();
    let mut seen = Vec::new();
    store
        .scan(&[], &[0xFF], Order::Descending, &mut |_, value| {
            seen.push(value.to_vec());
            if seen.len() == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    assert_eq!(seen, [b"c", b"b"]);
}

#[test]
fn a_snapshot_does_not_see_what_is_written_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.apply(&[put(1, "before")]).unwrap();
    let snapshot = store.snapshot();
    store.apply(&[put(1, "after"), put(2, "new")]).unwrap();
    assert_eq!(snapshot.get(&1_u32.to_be_bytes(), <[u8]>::to_vec).unwrap().unwrap(), b"before");
    assert_eq!(scan(&snapshot, &[], &[0xFF], Order::Ascending).len(), 1);
    assert_eq!(scan(&store, &[], &[0xFF], Order::Ascending).len(), 2);
}

#[test]
fn scans_of_one_snapshot_one_after_another_and_one_within_another_read_as_memory_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut memory = Memory::default();
    let batches = many_mutations();
    let (before, after) = batches.split_at(40);
    for batch in before {
        store.apply(batch).unwrap();
        memory.apply(batch);
    }
    let snapshot = store.snapshot();
    after.iter().for_each(|batch| store.apply(batch).unwrap());
    let key = |number: u32| number.to_be_bytes();
    // Ends that scans have in common, beginnings that rise and fall, and ranges that are empty.
    for (from, to) in [
        (0, 900),
        (100, 900),
        (50, 900),
        (899, 900),
        (900, 900),
        (0, 901),
        (300, 901),
        (0, 3000),
        (2999, 3000),
    ] {
        for order in [Order::Ascending, Order::Descending] {
            let (from, to) = (key(from), key(to));
            assert_eq!(scan(&snapshot, &from, &to, order), scan(&memory, &from, &to, order));
        }
    }
    let within = |read: &dyn Fn(&[u8], &[u8]) -> Pairs, number: &[u8]| read(&[number, &[0]].concat(), &key(2000)).into_iter().next();
    let nested =
        |outer: Pairs, read: &dyn Fn(&[u8], &[u8]) -> Pairs| outer.iter().map(|(number, _)| within(read, number)).collect::<Vec<_>>();
    let mut seen = Vec::new();
    snapshot
        .scan(&key(500), &key(2000), Order::Ascending, &mut |number, _| {
            seen.push(within(&|from, to| scan(&snapshot, from, to, Order::Ascending), number));
            ControlFlow::Continue(())
        })
        .unwrap();
    let expected = scan(&memory, &key(500), &key(2000), Order::Ascending);
    assert!(expected.len() > 500);
    assert_eq!(seen, nested(expected, &|from, to| scan(&memory, from, to, Order::Ascending)));
}

#[test]
fn snapshots_have_the_same_number_as_long_as_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let empty = store.snapshot().number();
    store.apply(&[put(1, "a")]).unwrap();
    let (first, second) = (store.snapshot(), store.snapshot());
    assert_eq!(first.number(), second.number());
    assert_ne!(first.number(), empty);
    store.apply_unlogged(&[put(1, "a")]).unwrap();
    assert_ne!(store.snapshot().number(), first.number());
    assert_eq!(store.snapshot().number(), store.number());
    assert_eq!(first.number(), second.number());
}

#[test]
fn a_store_that_favors_reads_merges_its_files_and_reads_as_before() {
    let folder = tempfile::tempdir().unwrap();
    // Its write buffer holds all of them, so that each file is one that is asked for.
    let store = Store::open(folder.path(), Sizing::default()).unwrap();
    let mut memory = Memory::default();
    for batch in many_mutations().chunks(20) {
        for mutations in batch {
            store.apply(mutations).unwrap();
            memory.apply(mutations);
        }
        store.flush().unwrap();
    }
    let unmerged = |store: &Store| {
        store
            .db
            .property_value("rocksdb.num-files-at-level0")
            .unwrap()
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert_eq!(unmerged(&store), 3);
    store.favor_reads().unwrap();
    store.db.wait_for_compact(&WaitForCompactOptions::default()).unwrap();
    assert!(unmerged(&store) < 2);
    assert_eq!(
        content_hash(&store, &[], &[0xFF; 8]).unwrap(),
        content_hash(&memory, &[], &[0xFF; 8]).unwrap()
    );
}

#[test]
fn what_was_applied_is_there_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let before = {
        let store = open(folder.path());
        many_mutations().iter().for_each(|batch| store.apply(batch).unwrap());
        content_hash(&store, &[], &[0xFF; 8]).unwrap()
    };
    assert_eq!(content_hash(&open(folder.path()), &[], &[0xFF; 8]).unwrap(), before);
}

#[test]
fn a_directory_that_is_open_says_that_it_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path());
    let error = Store::open(folder.path(), Sizing::default()).err().unwrap();
    assert_eq!(error.kind, Kind::InUse, "{error}");
}

#[test]
fn a_directory_is_free_again_when_its_store_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    drop(open(folder.path()));
}

#[test]
fn words_in_a_path_are_not_taken_for_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock No such file or directory Corruption");
    drop(open(&path));
    let table = path.join("CURRENT");
    std::fs::remove_file(&table).unwrap();
    std::fs::create_dir(&table).unwrap();
    let error = Store::open(&path, Sizing::default()).err().unwrap();
    assert_eq!(error.kind, Kind::Medium, "a directory stands where a file belongs: {error}");
}

#[test]
fn a_directory_that_cannot_be_a_directory_is_a_matter_of_the_medium() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let error = Store::open(&file.join("state"), Sizing::default()).err().unwrap();
    assert_eq!(error.kind, Kind::Medium, "{error}");
}

fn files(path: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains(ending)).collect()
}

#[test]
fn a_flipped_byte_in_a_file_is_an_error_and_never_a_value() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = open(folder.path());
        many_mutations().iter().for_each(|batch| store.apply(batch).unwrap());
        store.flush().unwrap();
    }
    for file in files(folder.path(), ".sst") {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x40;
        std::fs::write(&file, bytes).unwrap();
    }
    match Store::open(folder.path(), Sizing::default()) {
        Err(error) => assert_eq!(error.kind, Kind::Corrupt, "{error}"),
        Ok(store) => {
            let read = store.scan(&[], &[0xFF; 8], Order::Ascending, &mut |_, _| ControlFlow::Continue(()));
            assert_eq!(read.unwrap_err().fault, Fault::Corrupt);
        }
    }
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_missing_manifest_is_corrupt_and_the_directory_can_be_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    drop(open(&path));
    files(&path, "MANIFEST").iter().for_each(|file| std::fs::remove_file(file).unwrap());
    let error = Store::open(&path, Sizing::default()).err().unwrap();
    assert_eq!(error.kind, Kind::Corrupt, "{error}");
    let aside = set_aside(&path).unwrap();
    assert!(aside.exists() && !path.exists());
    drop(open(&path));
    assert_ne!(set_aside(&path).unwrap(), aside);
}

#[test]
fn a_manifest_that_was_cut_short_is_corrupt_or_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    {
        let store = open(&path);
        for number in 0..4 {
            store.apply(&[put(number, "value")]).unwrap();
            store.flush().unwrap();
        }
        store.apply(&[put(9, "in the log")]).unwrap();
    }
    let manifest = files(&path, "MANIFEST").pop().unwrap();
    let whole = std::fs::read(&manifest).unwrap();
    let tables = files(&path, ".sst").len();
    assert!(tables >= 4 && whole.len() > 200, "{tables} tables, {} bytes", whole.len());
    let mut corrupt = 0;
    for cut in (0..whole.len() - 1).step_by(whole.len() / 12) {
        let copy = folder.path().join(format!("cut-{cut}"));
        copy_directory(&path, &copy);
        std::fs::write(copy.join(manifest.file_name().unwrap()), &whole[..cut]).unwrap();
        match Store::open(&copy, Sizing::default()) {
            Err(error) => {
                assert_eq!(error.kind, Kind::Corrupt, "cut at {cut}: {error}");
                corrupt += 1;
            }
            // What was cut off said nothing about tables.
            Ok(store) => assert_eq!(scan(&store, &[], &[0xFF; 5], Order::Ascending).len(), 5, "cut at {cut}"),
        }
    }
    assert!(corrupt >= 8, "only {corrupt} cuts were found");
    assert_eq!(
        open(&path).get(&9_u32.to_be_bytes(), <[u8]>::to_vec).unwrap().unwrap(),
        b"in the log"
    );
}

#[test]
fn a_table_that_was_being_written_when_the_process_died_is_no_reason_to_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    {
        let store = open(&path);
        store.apply(&[put(1, "value")]).unwrap();
        store.flush().unwrap();
    }
    let table = files(&path, ".sst").pop().unwrap();
    let whole = std::fs::read(&table).unwrap();
    for bytes in [0, 5, whole.len() / 2, whole.len() - 1] {
        std::fs::write(path.join("000999.sst"), &whole[..bytes]).unwrap();
        assert_eq!(scan(&open(&path), &[], &[0xFF; 5], Order::Ascending).len(), 1, "{bytes} bytes");
    }
    std::fs::write(path.join("000999.sst"), &whole).unwrap();
    assert_eq!(Store::open(&path, Sizing::default()).err().unwrap().kind, Kind::Corrupt);
}

#[test]
fn a_crash_takes_the_last_unlogged_batches_and_never_one_before_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = open(&path);
    store.apply(&[put(1, "logged")]).unwrap();
    store.apply_unlogged(&[put(2, "unlogged")]).unwrap();
    store.apply_unlogged(&[put(3, "unlogged")]).unwrap();
    let crashed = |name: &str| {
        let copy = folder.path().join(name);
        copy_directory(&path, &copy);
        scan(&open(&copy), &[], &[0xFF; 5], Order::Ascending).len()
    };
    assert_eq!(crashed("before"), 1);
    store.apply(&[put(4, "logged")]).unwrap();
    assert_eq!(crashed("after"), 4);
    store.apply_unlogged(&[put(5, "unlogged")]).unwrap();
    drop(store);
    assert_eq!(crashed("closed"), 5);
}

#[test]
fn a_write_ahead_log_that_was_cut_ends_at_a_whole_batch() {
    let folder = tempfile::tempdir().unwrap();
    {
        let store = open(folder.path());
        for number in 0..200 {
            store.apply(&[put(number, "value"), put(100_000, &number.to_string())]).unwrap();
        }
    }
    for log in files(folder.path(), ".log") {
        let bytes = std::fs::read(&log).unwrap();
        std::fs::write(&log, &bytes[..bytes.len() * 2 / 3]).unwrap();
    }
    let store = open(folder.path());
    let last = store
        .get(&100_000_u32.to_be_bytes(), |value| String::from_utf8(value.to_vec()).unwrap())
        .unwrap();
    let last: u32 = last.unwrap().parse().unwrap();
    assert!((50..199).contains(&last), "{last}");
    assert_eq!(
        scan(&store, &[], &100_000_u32.to_be_bytes(), Order::Ascending).len() as u32,
        last + 1
    );
}

/// Every third of a few thousand keys is there; the rest was deleted, in two long rows and one by one.
fn with_gaps() -> (tempfile::TempDir, Store, Memory) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut memory = Memory::default();
    let deleted = |number: u32| (500..1500).contains(&number) || (2000..2900).contains(&number) || !number.is_multiple_of(3);
    let batches: [Vec<Mutation>; 2] = [
        (0..3000).map(|number| put(number, &number.to_string())).collect(),
        (0..3000)
            .filter(|number| deleted(*number))
            .map(|number| Mutation::Delete {
                key: number.to_be_bytes().to_vec(),
            })
            .collect(),
    ];
    for batch in batches {
        store.apply(&batch).unwrap();
        memory.apply(&batch);
    }
    (folder, store, memory)
}

#[test]
fn scans_that_come_past_many_deleted_keys_read_as_memory_does() {
    let (_folder, store, memory) = with_gaps();
    let snapshot = store.snapshot();
    let key = |number: u32| number.to_be_bytes();
    // Gaps before, within, after and around the range, and ranges that are one.
    for (from, to) in [
        (0, 3000),
        (0, 490),
        (0, 501),
        (400, 1600),
        (498, 499),
        (600, 1400),
        (600, 1501),
        (1400, 3000),
        (1500, 1501),
        (1990, 2000),
        (2899, 2999),
    ] {
        for order in [Order::Ascending, Order::Descending] {
            let expected = scan(&memory, &key(from), &key(to), order);
            assert_eq!(scan(&snapshot, &key(from), &key(to), order), expected, "{from} to {to}, {order:?}");
        }
    }
}

#[test]
fn a_scan_of_few_keys_does_not_come_past_what_was_deleted_after_them() {
    let (_folder, store, _) = with_gaps();
    let snapshot = store.snapshot();
    let (from, to) = (490_u32.to_be_bytes(), 499_u32.to_be_bytes());
    let skipped = || {
        rocksdb::perf::set_perf_stats(rocksdb::perf::PerfStatsLevel::EnableCount);
        let mut context = rocksdb::perf::PerfContext::default();
        context.reset();
        assert_eq!(scan(&snapshot, &from, &to, Order::Ascending).len(), 3);
        context.metric(rocksdb::perf::PerfMetric::InternalDeleteSkippedCount)
    };
    for _ in 0..3 {
        let skipped = skipped();
        assert!(skipped < 200, "{skipped} deleted keys");
    }
}

#[test]
fn one_snapshot_after_another_shares_what_it_reads_by_until_something_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.apply(&[put(1, "a")]).unwrap();
    let read = |store: &Store| {
        let snapshot = store.snapshot();
        assert_eq!(scan(&snapshot, &[], &[0xFF], Order::Ascending).len(), 1);
        snapshot.get(&1_u32.to_be_bytes(), <[u8]>::to_vec).unwrap().unwrap()
    };
    assert_eq!(read(&store), b"a");
    assert_eq!(store.moments.count(), 1);
    assert_eq!(read(&store), b"a");
    assert_eq!(store.moments.count(), 1);
    // Two at once are two.
    let (first, second) = (store.snapshot(), store.snapshot());
    drop((first, second));
    assert_eq!(store.moments.count(), 2);
    store.apply(&[put(1, "b")]).unwrap();
    assert_eq!(store.moments.count(), 0);
    assert_eq!(read(&store), b"b");
}

#[test]
fn a_snapshot_that_has_outlived_a_write_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.apply(&[put(1, "a")]).unwrap();
    let outliving = store.snapshot();
    store.apply_unlogged(&[put(1, "b")]).unwrap();
    drop(outliving);
    assert_eq!(store.moments.count(), 0);
    assert_eq!(store.snapshot().get(&1_u32.to_be_bytes(), <[u8]>::to_vec).unwrap().unwrap(), b"b");
}

#[test]
fn a_directory_is_free_again_after_snapshots_were_read() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let store = open(folder.path());
        store.apply(&[put(1, "a")]).unwrap();
        assert_eq!(scan(&store.snapshot(), &[], &[0xFF], Order::Ascending).len(), 1);
    }
}
