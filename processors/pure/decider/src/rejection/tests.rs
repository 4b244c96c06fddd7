//! Whatever a domain says, what is kept of it has a bound and says what is missing.

use super::*;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn rejection(message: &str, facts: Vec<BTreeMap<String, String>>) -> Rejection {
    Rejection {
        rule: "rule".to_owned(),
        message: message.to_owned(),
        facts,
    }
}

fn fact(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

fn bytes(rejection: &Rejection) -> usize {
    rejection.rule.len() + rejection.message.len() + rejection.facts.iter().map(size).sum::<usize>()
}

#[test]
fn a_rejection_of_a_usual_size_stays_as_it_is() {
    let rejection = rejection("no such leg", (0..300).map(|n| fact("leg_id", &format!("leg-{n}"))).collect());
    assert_eq!(rejection.clone().bounded(), rejection);
}

#[test]
fn facts_that_do_not_fit_are_counted() {
    let many = rejection("legs overlap", (0..5_000).map(|n| fact("leg_id", &format!("leg-{n}"))).collect());
    let bounded = many.bounded();
    let kept = bounded.facts.len() - 1;
    assert!((500..4_999).contains(&kept), "{kept}");
    assert_eq!(
        bounded.facts[kept - 1],
        fact("leg_id", &format!("leg-{}", kept - 1)),
        "the first ones are kept"
    );
    assert_eq!(bounded.facts[kept], fact("more", &(5_000 - kept).to_string()));
}

#[test]
fn facts_that_the_domain_has_left_out_count_too() {
    let mut facts: Vec<_> = (0..5_000).map(|n| fact("leg_id", &format!("leg-{n}"))).collect();
    facts.push(fact("more", "700"));
    let bounded = rejection("legs overlap", facts).bounded();
    let kept = bounded.facts.len() - 1;
    assert_eq!(bounded.facts[kept], fact("more", &(5_700 - kept).to_string()));
}

#[test]
fn long_text_is_cut_between_characters_and_says_how_much_is_missing() {
    let long = "é".repeat(300_000);
    let bounded = rejection(&long, vec![fact("name", &long)]).bounded();
    for text in [&bounded.message, &bounded.facts[0]["name"]] {
        let (kept, missing) = text.split_once("… (+").unwrap();
        let missing: usize = missing.strip_suffix(" bytes)").unwrap().parse().unwrap();
        assert_eq!(kept.len() + missing, long.len());
        assert!(kept.chars().all(|char| char == 'é'));
    }
}

#[test]
fn what_is_bounded_is_bounded_already() {
    let long = "x".repeat(100_000);
    let once = rejection(&long, (0..5_000).map(|_| fact(&long, &long)).collect()).bounded();
    assert_eq!(once.clone().bounded(), once);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_rejection_takes_more_than_its_budget(
        rule in "[a-zé]{0,300}",
        message in "[a-zé]{0,6000}",
        facts in vec(btree_map("[a-zé]{0,200}", "[a-z→]{0,1500}", 0..8), 0..12),
        empty in 0_usize..6_000,
    ) {
        let mut facts = facts;
        facts.extend(vec![BTreeMap::new(); empty]);
        let count = facts.len();
        let bounded = Rejection { rule, message, facts }.bounded();
        prop_assert!(bytes(&bounded) <= REJECTION_BYTES_MAX);
        let said = bounded.facts.last().and_then(more_of).unwrap_or(0);
        let kept = bounded.facts.len() - usize::from(said > 0);
        prop_assert_eq!(kept + usize::try_from(said).unwrap(), count);
        prop_assert_eq!(bounded.clone().bounded(), bounded);
    }
}

#[test]
fn facts_are_named_one_after_the_other() {
    let rejection = Rejection::new("balance-below-zero", "the account does not hold that much")
        .fact("balance", 5)
        .fact("holder", "Ada");
    let fact = [("balance", "5"), ("holder", "Ada")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(rejection.facts, [BTreeMap::from(fact)]);
    assert_eq!(Rejection::new("closed", "it is closed").facts, []);
}

#[test]
fn a_fact_counts_with_its_names_its_values_and_what_surrounds_them() {
    let mut two = fact("ab", "cde");
    two.insert("f".to_owned(), "gh".to_owned());
    assert_eq!(size(&fact("ab", "cde")), 5 + 2 * ENTRY_BYTES);
    assert_eq!(size(&two), 8 + 3 * ENTRY_BYTES);
    assert_eq!(size(&BTreeMap::new()), ENTRY_BYTES);
}

#[test]
fn a_fact_of_many_entries_that_fits_keeps_them_all() {
    let many: BTreeMap<_, _> = (0..100).map(|n| (format!("{n:040}"), "x".repeat(40))).collect();
    let rejection = rejection("no such leg", vec![many]);
    assert_eq!(rejection.clone().bounded(), rejection);
}

#[test]
fn text_is_cut_no_more_than_the_note_needs() {
    let mut text = "x".repeat(1000);
    cut(&mut text, 1000);
    assert_eq!(text.len(), 1000, "it fits");
    cut(&mut text, 100);
    assert!((80..=100).contains(&text.len()), "{text}");
    assert_eq!(text.find('…'), Some(100 - "… (+ bytes)".len() - 20));
}
