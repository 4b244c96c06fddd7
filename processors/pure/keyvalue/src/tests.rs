//! What a reader over pending changes must show.

use super::*;
use proptest::prelude::*;
use std::cell::RefCell;
use std::sync::Mutex;

fn put(key: &str, value: &str) -> Mutation {
    Mutation::Put {
        key: key.into(),
        value: value.into(),
    }
}

fn delete(key: &str) -> Mutation {
    Mutation::Delete { key: key.into() }
}

fn memory(mutations: &[Mutation]) -> Memory {
    let mut memory = Memory::default();
    memory.apply(mutations);
    memory
}

fn keys(read: &impl Read, order: Order, most: usize) -> Vec<String> {
    let mut keys = Vec::new();
    read.scan(b"a", b"z", order, &mut |key, value| {
        keys.push(format!("{}={}", String::from_utf8_lossy(key), String::from_utf8_lossy(value)));
        if keys.len() == most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .unwrap();
    keys
}

#[test]
fn an_overlay_shows_pending_puts_and_hides_pending_deletes_in_both_orders() {
    let below = memory(&[put("b", "1"), put("d", "2"), put("f", "3")]);
    let mut overlay = Overlay::new(&below);
    overlay.apply(vec![put("a", "x"), delete("b"), put("d", "y"), put("e", "z"), put("g", "w")]);
    assert_eq!(keys(&overlay, Order::Ascending, 9), ["a=x", "d=y", "e=z", "f=3", "g=w"]);
    assert_eq!(keys(&overlay, Order::Descending, 9), ["g=w", "f=3", "e=z", "d=y", "a=x"]);
}

#[test]
fn a_scan_of_an_overlay_ends_where_the_visitor_breaks() {
    let below = memory(&[put("b", "1"), put("d", "2")]);
    let mut overlay = Overlay::new(&below);
    overlay.apply(vec![put("a", "x"), put("c", "y"), put("e", "z")]);
    for most in 1..=5 {
        assert_eq!(keys(&overlay, Order::Ascending, most).len(), most);
        assert_eq!(keys(&overlay, Order::Descending, most).len(), most);
    }
}

#[test]
fn the_mutations_of_an_overlay_bring_the_reader_below_to_the_same_content() {
    let mut below = memory(&[put("b", "1"), put("d", "2")]);
    let mut overlay = Overlay::new(&below);
    overlay.apply(vec![put("c", "1"), delete("c"), delete("b"), put("d", "3")]);
    let seen = keys(&overlay, Order::Ascending, 9);
    let mutations = overlay.into_mutations();
    below.apply(&mutations);
    assert_eq!(keys(&below, Order::Ascending, 9), seen);
}

#[test]
fn a_deleted_range_leaves_its_end_in_place() {
    let range = Mutation::DeleteRange {
        from: b"b".to_vec(),
        to: b"d".to_vec(),
    };
    let below = memory(&[put("a", "1"), put("b", "1"), put("c", "1"), put("d", "2"), range]);
    assert_eq!(keys(&below, Order::Ascending, 9), ["a=1", "d=2"]);
}

#[test]
fn the_end_of_a_prefix_is_above_all_of_its_keys_and_below_the_next_prefix() {
    assert_eq!(prefix_end(b"ab"), b"ac");
    assert_eq!(prefix_end(&[1, 0xFF]), [2]);
    assert!(prefix_end(&[0xFF]).as_slice() > [0xFF, 0xFE].as_slice());
}

#[test]
fn a_range_that_ends_before_it_begins_holds_nothing() {
    let backwards = Mutation::DeleteRange {
        from: b"c".to_vec(),
        to: b"a".to_vec(),
    };
    let below = memory(&[put("a", "1"), put("b", "1"), backwards]);
    assert_eq!(below.len(), 2);
    let mut seen = 0;
    let mut count = |_: &[u8], _: &[u8]| {
        seen += 1;
        ControlFlow::Continue(())
    };
    below.scan(b"c", b"a", Order::Ascending, &mut count).unwrap();
    Overlay::new(&below).scan(b"c", b"a", Order::Descending, &mut count).unwrap();
    assert_eq!(seen, 0);
}

#[test]
#[should_panic(expected = "an overlay holds point mutations only")]
fn an_overlay_refuses_to_delete_a_range() {
    let below = Memory::default();
    let range = Mutation::DeleteRange {
        from: b"a".to_vec(),
        to: b"b".to_vec(),
    };
    Overlay::new(&below).apply(vec![range]);
}

/// A writer that threads may share.
#[derive(Default)]
struct Shared(Mutex<Memory>);

impl Write for Shared {
    fn apply(&self, mutations: &[Mutation]) -> Result<(), WriteError> {
        self.0.lock().unwrap().apply(mutations);
        Ok(())
    }
}

#[test]
fn a_reader_is_read_alike_by_itself_and_through_what_shares_it() {
    fn check(read: &impl Read) {
        assert_eq!(keys(read, Order::Ascending, 9), ["b=1", "d=2"]);
        assert_eq!(keys(read, Order::Descending, 1), ["d=2"]);
        assert_eq!(read.get(b"b", <[u8]>::to_vec), Ok(Some(b"1".to_vec())));
        assert_eq!(read.get(b"c", <[u8]>::to_vec), Ok(None));
    }
    let memory = memory(&[put("b", "1"), put("d", "2")]);
    let borrowed = &memory;
    check(borrowed);
    check(&borrowed);
    check(&Arc::new(memory.clone()));
    check(&RefCell::new(memory));
}

#[test]
fn mutations_arrive_through_what_shares_a_writer() {
    let cell = RefCell::new(memory(&[put("a", "0")]));
    Write::apply(&cell, &[put("b", "1"), delete("a")]).unwrap();
    assert_eq!(cell.into_inner(), memory(&[put("b", "1")]));
    let shared = Arc::new(Shared::default());
    shared.apply(&[put("b", "1")]).unwrap();
    Write::apply(&shared, &[put("c", "2")]).unwrap();
    assert_eq!(*shared.0.lock().unwrap(), memory(&[put("b", "1"), put("c", "2")]));
}

#[test]
fn a_memory_is_empty_before_its_first_key_and_after_its_last() {
    let mut memory = Memory::default();
    assert!(memory.is_empty());
    memory.apply(&[put("a", "1")]);
    assert!(!memory.is_empty());
    memory.apply(&[delete("a")]);
    assert!(memory.is_empty());
}

#[test]
fn a_content_hash_follows_from_the_keys_and_values_of_its_range_alone() {
    let hash = |mutations: &[Mutation]| content_hash(&memory(mutations), b"a", b"z").unwrap();
    let content = hash(&[put("b", "1"), put("d", "2")]);
    let detour = [put("d", "0"), put("c", "1"), put("d", "2"), put("b", "1"), delete("c")];
    assert_eq!(hash(&detour), content);
    assert_eq!(hash(&[put("A", "out"), put("b", "1"), put("d", "2"), put("z", "out")]), content);
    for other in [
        vec![],
        vec![put("b", "1")],
        vec![put("b", "1"), put("d", "3")],
        vec![put("b", "1"), put("e", "2")],
        // The same bytes, cut elsewhere.
        vec![put("b", "1d2")],
        vec![put("b1", ""), put("d", "2")],
    ] {
        assert_ne!(hash(&other), content, "{other:?}");
    }
}

fn any_key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0, b'a', b'b', 0xFF]), 0..3)
}

fn any_mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let put = (any_key(), any::<u8>()).prop_map(|(key, value)| Mutation::Put { key, value: vec![value] });
    let delete = any_key().prop_map(|key| Mutation::Delete { key });
    prop::collection::vec(prop_oneof![2 => put, 1 => delete], 0..12)
}

/// Up to `most` entries of a range.
fn entries(read: &impl Read, from: &[u8], to: &[u8], order: Order, most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut entries = Vec::new();
    let visit = &mut |key: &[u8], value: &[u8]| {
        entries.push((key.to_vec(), value.to_vec()));
        if entries.len() == most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    read.scan(from, to, order, visit).unwrap();
    entries
}

proptest! {
    #[test]
    fn an_overlay_is_read_as_if_its_changes_had_been_written(
        below in any_mutations(), batches in prop::collection::vec(any_mutations(), 0..4), from in any_key(), to in any_key(), most in 1..9_usize,
    ) {
        let mut written = memory(&below);
        let below = written.clone();
        let mut overlay = Overlay::new(&below);
        for batch in &batches {
            written.apply(batch);
            overlay.apply(batch.clone());
        }
        for order in [Order::Ascending, Order::Descending] {
            prop_assert_eq!(entries(&overlay, &from, &to, order, most), entries(&written, &from, &to, order, most));
        }
        prop_assert_eq!(overlay.get(&from, <[u8]>::to_vec), written.get(&from, <[u8]>::to_vec));
        let mut unread = Overlay::new(&below);
        for batch in &batches {
            unread.apply(batch.clone());
        }
        let mutations = overlay.into_mutations();
        prop_assert_eq!(&unread.into_mutations(), &mutations);
        let mut below = below;
        below.apply(&mutations);
        prop_assert_eq!(below, written);
    }

    #[test]
    fn a_batch_on_its_way_is_read_alike_before_and_after_it_is_written(
        below in any_mutations(), batch in any_mutations(), from in any_key(), to in any_key(), most in 1..9_usize,
    ) {
        let before = memory(&below);
        let mut overlay = Overlay::new(&before);
        overlay.apply(batch);
        let batch = overlay.into_mutations();
        let mut after = before.clone();
        after.apply(&batch);
        for below in [&before, &after] {
            let layer = Layer::new(below, &batch);
            for order in [Order::Ascending, Order::Descending] {
                prop_assert_eq!(entries(&layer, &from, &to, order, most), entries(&after, &from, &to, order, most));
            }
            prop_assert_eq!(layer.get(&from, <[u8]>::to_vec), after.get(&from, <[u8]>::to_vec));
        }
    }

    /// A prefix of only 0xFF bytes is not in use: no key is above all of its keys.
    #[test]
    fn exactly_the_keys_of_a_prefix_lie_between_it_and_its_end(
        mut prefix in any_key(), byte in prop::sample::select(vec![0, b'a', b'b']), last in any_key(), key in any_key(), within: bool,
    ) {
        prefix.push(byte);
        prefix.extend(last.iter().map(|_| 0xFF));
        let key = if within { [prefix.clone(), key].concat() } else { key };
        prop_assert_eq!(prefix <= key && key < prefix_end(&prefix), key.starts_with(&prefix));
    }
}
