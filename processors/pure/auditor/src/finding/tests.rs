//! How many violations there are, and which are kept.

use super::*;

fn violation(invariant: Invariant, partition: Option<u32>) -> Violation {
    Violation {
        invariant,
        partition,
        place: None,
        what: String::new(),
        records: Vec::new(),
    }
}

#[test]
fn of_each_invariant_and_partition_the_first_are_kept_and_all_are_counted() {
    let mut findings = Findings::default();
    assert_eq!(findings.total(), 0);
    for _ in 0..KEPT_MAX + 5 {
        findings.add(violation(Invariant::I1, Some(0)));
    }
    findings.add(violation(Invariant::I1, Some(1)));
    findings.add(violation(Invariant::I3, None));
    findings.add(violation(Invariant::I3, None));
    assert_eq!(findings.total(), KEPT_MAX + 8);
    let expected = BTreeMap::from([(Invariant::I1, KEPT_MAX + 6), (Invariant::I3, 2)]);
    assert_eq!(findings.by_invariant(), expected);
    assert_eq!(findings.kept.len() as u64, KEPT_MAX + 3);
}

#[test]
fn a_record_that_cannot_be_read_is_shown_with_its_bytes_escaped() {
    let record = Record {
        place: Place {
            topic: crate::Topic::Events,
            partition: 1,
            offset: 2,
        },
        timestamp_ms: 3,
        key: Some(b"account/1".to_vec()),
        value: Some(b"no\0event".to_vec()),
        headers: Vec::new(),
    };
    let shown = Shown::raw(&record);
    assert_eq!((shown.place, shown.timestamp_ms), (record.place, 3));
    assert_eq!((shown.key.as_str(), shown.content.as_str()), ("account/1", "no\\x00event"));
}

#[test]
fn every_invariant_has_a_name_and_a_promise_of_its_own() {
    use Invariant::*;
    let all = [I1, I2, I3, I4, I5, I6, I7, I8, I9, I11, I13, I14];
    for invariant in all {
        assert_eq!(invariant.name(), format!("{invariant:?}"));
        assert!(
            invariant.promise().contains(' '),
            "a promise is a sentence: {}",
            invariant.promise()
        );
    }
    let different: std::collections::BTreeSet<_> = all.map(Invariant::promise).into();
    assert_eq!(different.len(), all.len());
}
