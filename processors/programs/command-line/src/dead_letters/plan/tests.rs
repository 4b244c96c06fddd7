//! The order of a key, and what stays.

use super::*;
use crate::dead_letters::letter::tests::letter;

const WHOLE: &str = "nothing";
const CUT: &str = "the value";

fn fates(letters: &[(&str, (u32, i64), i64, &str)], before: &[(u32, i64)]) -> Vec<((u32, i64), &'static str)> {
    let letters = letters
        .iter()
        .map(|(key, place, at, cut)| letter(*place, *at, Some(key), Vec::new(), cut));
    let steps = plan(letters.collect(), &before.iter().copied().collect());
    steps.iter().map(|step| (step.letter.place, step.fate.result(false))).collect()
}

#[test]
fn letters_of_a_key_go_in_the_order_in_which_they_were_found_whatever_their_times() {
    let letters = [
        ("b", (0, 9), 5, WHOLE),
        ("a", (1, 8), 1, WHOLE),
        ("a", (1, 3), 2, WHOLE),
        ("b", (0, 2), 7, WHOLE),
    ];
    let sent = [
        ((1, 3), "redriven"),
        ((1, 8), "redriven"),
        ((0, 2), "redriven"),
        ((0, 9), "redriven"),
    ];
    assert_eq!(fates(&letters, &[]), sent);
    // Found in two partitions, by its time.
    let letters = [("a", (1, 8), 1, WHOLE), ("a", (0, 3), 2, WHOLE), ("a", (1, 9), 3, WHOLE)];
    let sent = [((1, 8), "redriven"), ((0, 3), "redriven"), ((1, 9), "redriven")];
    assert_eq!(fates(&letters, &[]), sent);
}

#[test]
fn after_a_letter_that_stays_its_key_stays_and_other_keys_go() {
    let letters = [
        ("a", (0, 1), 1, WHOLE),
        ("a", (0, 2), 2, CUT),
        ("a", (0, 3), 3, WHOLE),
        ("b", (0, 4), 4, WHOLE),
    ];
    let expected = [((0, 1), "redriven"), ((0, 2), "stays"), ((0, 3), "stays"), ((0, 4), "redriven")];
    assert_eq!(fates(&letters, &[]), expected);
}

#[test]
fn a_letter_that_was_sent_before_is_not_sent_again_and_holds_nothing_back() {
    let letters = [("a", (0, 1), 1, CUT), ("a", (0, 2), 2, WHOLE), ("a", (0, 3), 3, WHOLE)];
    let expected = [((0, 1), "redriven before"), ((0, 2), "redriven before"), ((0, 3), "redriven")];
    assert_eq!(fates(&letters, &[(0, 1), (0, 2)]), expected);
}

#[test]
fn a_letter_that_stays_for_an_earlier_one_says_how_it_is_sent_all_the_same() {
    let cut = letter((0, 2), 2, Some("a"), Vec::new(), CUT);
    let whole = letter((0, 3), 3, Some("a"), Vec::new(), WHOLE);
    let steps = plan(vec![cut, whole.clone()], &BTreeSet::new());
    let why = steps[1].fate.why().unwrap();
    assert!(why.contains("0/2") && why.contains("--letter 0/3"), "{why}");
    assert_eq!(plan(vec![whole], &BTreeSet::new())[0].fate, Disposition::Sent);
}
