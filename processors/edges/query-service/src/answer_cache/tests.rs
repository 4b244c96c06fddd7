//! What is kept, and what makes room for it.

use super::*;
use http_server::Position;

fn question(number: usize) -> Vec<u8> {
    format!("/legs?{number:08}").into_bytes()
}

fn stamp(position: &str) -> Arc<Stamp> {
    Arc::new(Stamp::new(Position::parse(position).unwrap()))
}

/// An answer of 1,400 bytes.
fn answer(number: usize, stamp: &Arc<Stamp>) -> KeptAnswer {
    KeptAnswer {
        stamp: Arc::clone(stamp),
        tag: EntityTag::of(number as u128),
        body: question(number).repeat(100).into(),
    }
}

fn found(cache: &AnswerCache, number: usize, stamp: &Arc<Stamp>) -> Option<Bytes> {
    let kept = cache.get(&question(number), stamp)?;
    assert_eq!(kept.tag.header(), EntityTag::of(number as u128).header());
    Some(kept.body)
}

fn bytes(cache: &AnswerCache) -> usize {
    let of = |generation: &Generation| -> usize { generation.iter().map(|(question, kept)| entry_bytes(question, kept)).sum() };
    cache.with(|generations| {
        assert_eq!(generations.bytes, of(&generations.younger));
        of(&generations.younger) + of(&generations.older)
    })
}

#[test]
fn an_answer_is_found_under_its_question_and_no_other() {
    let (cache, now) = (AnswerCache::default(), stamp("0:1"));
    for number in [1, 2] {
        cache.put(&question(number), answer(number, &now));
    }
    for number in [1, 2] {
        assert_eq!(found(&cache, number, &now), Some(answer(number, &now).body));
    }
    assert_eq!(found(&cache, 3, &now), None);
}

#[test]
fn an_answer_is_found_at_its_position_and_no_other() {
    let (cache, before, now) = (AnswerCache::bounded(100_000), stamp("0:1,1:7"), stamp("0:2,1:7"));
    cache.put(&question(1), answer(1, &before));
    assert_eq!(found(&cache, 1, &now), None);
    assert!(found(&cache, 1, &stamp("0:1,1:7")).is_some(), "another stamp of the same position");
    // Until it is in the older generation.
    (100..130).for_each(|number| cache.put(&question(number), answer(number, &now)));
    assert!(cache.with(|generations| generations.older.contains_key(question(1).as_slice())));
    assert_eq!(found(&cache, 1, &now), None);
    assert_eq!(found(&cache, 1, &before), None, "what was of no use was dropped");
}

#[test]
fn answers_that_are_asked_for_stay_and_the_others_make_room() {
    let (cache, now) = (AnswerCache::bounded(100_000), stamp("0:1"));
    for number in 0..10_000 {
        cache.put(&question(number), answer(number, &now));
        assert_eq!(found(&cache, 0, &now), Some(answer(0, &now).body), "after {number}");
        assert!(bytes(&cache) <= 100_000, "after {number}");
    }
    assert_eq!(found(&cache, 9999, &now), Some(answer(9999, &now).body));
    assert_eq!(found(&cache, 1, &now), None);
}

#[test]
fn an_answer_that_is_put_again_replaces_the_one_before_and_is_counted_once() {
    let cache = AnswerCache::bounded(100_000);
    cache.put(&question(0), answer(0, &stamp("0:0")));
    for sequence in 0..10_000 {
        let now = stamp(&format!("0:{sequence}"));
        cache.put(&question(1), answer(1, &now));
        assert!(found(&cache, 1, &now).is_some());
        assert!(bytes(&cache) <= 4000, "at {sequence}");
    }
    assert!(found(&cache, 0, &stamp("0:0")).is_some());
}

#[test]
fn a_large_answer_is_not_kept() {
    let (cache, now) = (AnswerCache::default(), stamp("0:1"));
    for (bytes, is_kept) in [(ANSWER_BYTES_MAX, true), (ANSWER_BYTES_MAX + 1, false)] {
        let body = vec![b'x'; bytes].into();
        cache.put(&question(bytes), KeptAnswer { body, ..answer(1, &now) });
        assert_eq!(cache.get(&question(bytes), &now).is_some(), is_kept);
    }
}
