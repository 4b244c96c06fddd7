//! The sparse index from sequence to offset.

use super::*;
use keyvalue::Memory;

#[test]
fn the_offset_of_every_event_is_found_within_one_stride() {
    let mut memory = Memory::default();
    let offset = |partition: u32, sequence: u64| i64::try_from(sequence).unwrap() * 2 + i64::from(partition);
    for partition in [0, 1, 300] {
        for sequence in 1..=STRIDE * 3 {
            memory.apply(entry(partition, sequence, offset(partition, sequence)).as_slice());
        }
    }
    assert_eq!(memory.len(), 9);
    for partition in [0, 1, 300] {
        assert_eq!(at_or_before(&memory, partition, 0).unwrap(), None);
        for sequence in [1, 2, STRIDE, STRIDE + 1, STRIDE * 2, STRIDE * 3, STRIDE * 9] {
            let known = at_or_before(&memory, partition, sequence).unwrap().unwrap();
            assert_eq!(known.offset, offset(partition, known.sequence));
            let last = sequence.min(STRIDE * 3);
            assert!(known.sequence <= last && last - known.sequence < STRIDE, "{sequence}: {known:?}");
        }
    }
    assert_eq!(at_or_before(&memory, 2, 7).unwrap(), None);
}
