//! What a reader over pending changes must show.

use super::*;

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
