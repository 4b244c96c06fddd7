//! The bytes of every key: they are on disks, so that none may change.

use super::*;

#[test]
fn every_key_has_the_bytes_that_the_table_says() {
    let id = Uuid::from_u128(7);
    let mut remembered_key = vec![4, 0, 0, 1, 2, 0, 0, 0, 5];
    remembered_key.extend_from_slice(id.as_bytes());
    remembered_key.extend_from_slice(b"a/b");
    for (key, expected) in [
        (identity(), vec![1]),
        (layout(), vec![5]),
        (layout_value(0x0102, 1), vec![LAYOUT_NUMBER, 0, 0, 0, 0, 0, 0, 1, 2]),
        (layout_value(0x0102, 2), vec![LAYOUT_NUMBER, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 2]),
        (cursor(0x0102), vec![2, 0, 0, 1, 2]),
        (decided(0x0102), vec![6, 0, 0, 1, 2]),
        (aggregate(0x0102, "a/b"), vec![3, 0, 0, 1, 2, b'a', b'/', b'b', 0]),
        (remembered(0x0102, 5, "a/b", id), remembered_key),
        (remembered_period(0x0102, 5), vec![4, 0, 0, 1, 2, 0, 0, 0, 5]),
    ] {
        assert_eq!(key, expected);
    }
}

#[test]
fn the_ranges_of_a_partition_hold_its_keys_and_no_other_ones() {
    let within = |(from, to): &(Vec<u8>, Vec<u8>), key: &Vec<u8>| from <= key && key < to;
    let aggregates = aggregates_range(2);
    let all = partition_ranges(2);
    assert!(all.contains(&aggregates));
    for partition in [1, 2, 3] {
        let aggregate = aggregate(partition, "a/b");
        assert_eq!(within(&aggregates, &aggregate), partition == 2);
        for key in [cursor(partition), aggregate, remembered(partition, 5, "a/b", Uuid::nil())] {
            let ranges = all.iter().filter(|range| within(range, &key)).count();
            assert_eq!(ranges, usize::from(partition == 2), "{key:?}");
        }
        assert!(!all.iter().any(|range| within(range, &decided(partition))));
    }
    for key in [identity(), layout()] {
        assert!(!all.iter().any(|range| within(range, &key)), "{key:?}");
    }
}

#[test]
fn keys_end_with_their_ids_however_long_these_are() {
    let long = "a".repeat(64);
    assert!(aggregate(1, &long).ends_with(format!("{long}\0").as_bytes()));
    assert!(remembered(1, 5, &long, Uuid::nil()).ends_with(long.as_bytes()));
}
