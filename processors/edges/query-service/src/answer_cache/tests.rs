//! What is kept, and what makes room for it.

use super::*;

fn version(number: usize) -> Vec<u8> {
    format!("{number:08}").into_bytes()
}

fn answer(number: usize) -> Vec<u8> {
    version(number).repeat(100)
}

fn bytes(cache: &AnswerCache) -> usize {
    let of = |generation: &HashMap<Vec<u8>, Arc<[u8]>>| -> usize {
        generation
            .iter()
            .map(|(version, answer)| version.len() + answer.len() + ENTRY_BYTES)
            .sum()
    };
    cache.with(|generations| of(&generations.younger) + of(&generations.older))
}

#[test]
fn an_answer_is_found_under_its_version_and_no_other() {
    let cache = AnswerCache::default();
    cache.put(version(1), &answer(1));
    cache.put(version(2), &answer(2));
    assert_eq!(cache.get(&version(1)), Some(answer(1)));
    assert_eq!(cache.get(&version(2)), Some(answer(2)));
    assert_eq!(cache.get(&version(3)), None);
}

#[test]
fn answers_that_are_asked_for_stay_and_the_others_make_room() {
    let cache = AnswerCache::bounded(100_000);
    for number in 0..10_000 {
        cache.put(version(number), &answer(number));
        assert_eq!(cache.get(&version(0)), Some(answer(0)), "after {number}");
        assert!(bytes(&cache) <= 100_000, "after {number}");
    }
    assert_eq!(cache.get(&version(9999)), Some(answer(9999)));
    assert_eq!(cache.get(&version(1)), None);
}

#[test]
fn an_answer_that_is_put_twice_is_counted_once() {
    let cache = AnswerCache::bounded(100_000);
    cache.put(version(0), &answer(0));
    for _ in 0..10_000 {
        cache.put(version(1), &answer(1));
    }
    assert_eq!(cache.get(&version(0)), Some(answer(0)));
}

#[test]
fn a_large_answer_is_not_kept() {
    let cache = AnswerCache::default();
    cache.put(version(1), &vec![b'x'; ANSWER_BYTES_MAX + 1]);
    assert_eq!(cache.get(&version(1)), None);
}
