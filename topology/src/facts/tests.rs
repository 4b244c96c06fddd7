//! What a log says about itself, and who is heard where two speak.

use super::*;

fn facts(said: &[Fact]) -> Facts {
    let mut facts = Facts::default();
    for (offset, fact) in (0..).zip(said) {
        facts.push(offset, fact.clone());
    }
    facts
}

fn begun(partitions: u32) -> Fact {
    Fact::Begun {
        partitions,
        migrated_from: None,
    }
}

fn all() -> [Fact; 6] {
    let to = "day".to_owned();
    [
        begun(8),
        Fact::Filling {
            partitions: 12,
            from: "night".to_owned(),
        },
        Fact::Abandoned,
        Fact::Closed { to: to.clone() },
        Fact::Reopened,
        Fact::Migrated { to },
    ]
}

#[test]
fn a_fact_is_read_as_it_was_written() {
    for fact in all() {
        assert_eq!(Fact::parse(fact.to_json().as_bytes()), Ok(fact));
    }
    assert_eq!(begun(8).to_json(), r#"{"fact":"begun","partitions":8}"#);
}

#[test]
fn the_key_of_a_record_is_the_kind_of_its_fact() {
    let keys = ["begun", "filling", "abandoned", "closed", "reopened", "migrated"];
    assert_eq!(all().map(|fact| fact.key()), keys);
    for (fact, key) in all().iter().zip(keys) {
        assert!(fact.to_json().starts_with(&format!("{{\"fact\":\"{key}\"")), "{}", fact.to_json());
    }
}

#[test]
fn a_record_that_is_no_fact_is_an_error() {
    for value in [
        r"",
        r"8",
        r#"{"fact":"begun"}"#,
        r#"{"fact":"begun","partitions":0}"#,
        r#"{"fact":"begun","partitions":100000}"#,
        r#"{"fact":"begun","partitions":8,"more":1}"#,
        r#"{"fact":"ended"}"#,
    ] {
        assert!(Fact::parse(value.as_bytes()).is_err(), "{value}");
    }
}

#[test]
fn the_first_number_counts() {
    assert_eq!(facts(&[begun(8), begun(10)]).begun.unwrap().partitions, 8);
    assert_eq!(facts(&[]).begun, None);
}

#[test]
fn a_log_is_filled_from_the_first_that_is_named_before_it_is_begun_or_abandoned() {
    let filling = |from: &str, partitions| Fact::Filling {
        partitions,
        from: from.to_owned(),
    };
    let night = Some(("night".to_owned(), 12));
    assert_eq!(facts(&[filling("night", 12)]).filling, night);
    assert_eq!(facts(&[filling("night", 12), filling("day", 8)]).filling, night);
    let begun_after = facts(&[filling("night", 12), begun(12)]);
    assert_eq!((begun_after.filling, begun_after.begun.map(|begun| begun.offset)), (night, Some(1)));
    assert_eq!(facts(&[begun(8), filling("night", 12)]).filling, None);
    assert_eq!(facts(&[Fact::Abandoned, filling("night", 12)]).filling, None);
}

#[test]
fn a_log_that_is_abandoned_is_never_begun_and_one_that_is_begun_is_never_abandoned() {
    let abandoned = facts(&[Fact::Abandoned, begun(8)]);
    assert!(abandoned.abandoned && abandoned.begun.is_none());
    let kept = facts(&[begun(8), Fact::Abandoned]);
    assert!(!kept.abandoned && kept.begun.is_some());
}

#[test]
fn a_closed_log_can_be_reopened_until_it_was_migrated() {
    let to = || "day".to_owned();
    assert_eq!(facts(&[begun(8), Fact::Closed { to: to() }]).closed, Some(to()));
    assert_eq!(facts(&[begun(8), Fact::Closed { to: to() }, Fact::Reopened]).closed, None);
    let migrated = facts(&[begun(8), Fact::Closed { to: to() }, Fact::Migrated { to: to() }, Fact::Reopened]);
    assert_eq!((migrated.closed, migrated.migrated), (Some(to()), Some(to())));
}
