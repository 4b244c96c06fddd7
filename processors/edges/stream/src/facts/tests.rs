//! What a process may do with a log, by what the log says.

use super::*;

fn topology() -> Topology {
    Topology::with_prefix("schedule", Some(8)).unwrap()
}

fn facts(said: &[Fact]) -> Facts {
    let mut facts = Facts::default();
    for (offset, fact) in (0..).zip(said) {
        facts.push(offset, fact.clone());
    }
    facts
}

fn begun() -> Fact {
    Fact::Begun {
        partitions: 8,
        migrated_from: None,
    }
}

fn closed() -> Fact {
    Fact::Closed { to: "day".to_owned() }
}

#[test]
fn the_log_has_the_number_that_it_was_begun_with_whatever_the_topology_says() {
    for before in [1, 8, 24] {
        let topology = topology().with_partitions(before);
        assert_eq!(number(&topology, &facts(&[begun()]), None).unwrap().partitions, 8);
        assert_eq!(number(&topology, &facts(&[begun()]), Some(8)).unwrap().partitions, 8);
    }
}

#[test]
fn every_other_number_is_refused_with_what_the_log_says() {
    for configured in [1, 7, 9, 10, 16, 24] {
        let error = number(&topology(), &facts(&[begun()]), Some(configured)).unwrap_err().to_string();
        let says = format!("(`partitions`) says {configured}. No setting changes the log's number");
        assert!(
            error.starts_with("the log was begun with 8 partitions") && error.contains(&says),
            "{error}"
        );
    }
}

#[test]
fn a_log_that_says_nothing_has_no_number() {
    let error = number(&topology(), &facts(&[]), None).unwrap_err();
    assert!(matches!(error, FactsError::NotBegun { .. }) && error.is_transient(), "{error}");
}

#[test]
fn nothing_is_decided_on_a_closed_log_while_views_of_it_go_on() {
    let closed = facts(&[begun(), closed()]);
    let error = allowed(&topology(), &closed, Role::Processor).unwrap_err();
    assert!(
        error.to_string().contains("AEROLOG_TOPIC_PREFIX=day") && !error.is_transient(),
        "{error}"
    );
    allowed(&topology(), &closed, Role::View).unwrap();
    allowed(&topology(), &facts(&[begun(), self::closed(), Fact::Reopened]), Role::Processor).unwrap();
}

#[test]
fn nothing_is_done_on_a_log_that_was_migrated_away_or_is_not_filled_yet() {
    let filling = Fact::Filling {
        partitions: 8,
        from: "night".to_owned(),
    };
    let migrated = Fact::Migrated { to: "day".to_owned() };
    for role in [Role::Processor, Role::View] {
        allowed(&topology(), &facts(&[begun(), closed(), migrated.clone()]), role).unwrap_err();
        allowed(&topology(), &facts(std::slice::from_ref(&filling)), role).unwrap_err();
        allowed(&topology(), &facts(&[filling.clone(), Fact::Abandoned]), role).unwrap_err();
        allowed(&topology(), &facts(&[filling.clone(), begun()]), role).unwrap();
    }
}
