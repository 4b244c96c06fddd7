//! The domain says to each of these commands what is expected.

use super::*;
use domain::{AggregateId, State};
use std::collections::BTreeMap;

#[test]
fn each_command_is_accepted_or_refused_as_it_says() {
    for of in [0, 7] {
        let mut states: BTreeMap<String, State> = BTreeMap::new();
        let (mut accepted, mut refused) = (0, 0);
        for number in 0..400 {
            let (envelope, expected) = upkeep(of, number);
            let id = AggregateId::parse(&envelope.aggregate_id).unwrap();
            let state = states.entry(envelope.aggregate_id).or_insert_with(|| State::initial(&id));
            let decided = domain::decide(&id, state, &envelope.command);
            assert_eq!(decided.is_ok(), expected, "{of} {number}: {decided:?}");
            for event in decided.into_iter().flatten() {
                domain::evolve(state, &event);
            }
            *(if expected { &mut accepted } else { &mut refused }) += 1;
        }
        assert!(accepted > 200 && refused > 50);
    }
}
