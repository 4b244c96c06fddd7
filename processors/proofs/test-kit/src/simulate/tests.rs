//! Bugs of a domain and of a view, each found with its seed.

use super::*;
use crate::planted::{Command, IS_RANDOM, Meter, NONE, ORDERS, PANICS, any_command, failure};
use crate::simulation::SEEDS_MIN;

#[test]
fn a_domain_without_bugs_and_without_views_passes() {
    simulate::<Meter<NONE>>(SEEDS_MIN, any_command);
}

#[test]
fn a_decision_that_depends_on_more_than_its_arguments_is_found() {
    let text = failure(|| simulate::<Meter<IS_RANDOM>>(20, any_command));
    assert!(text.contains("breaks I") && text.contains("SIMULATION_SEED="), "{text}");
}

#[test]
fn a_panic_is_found_with_the_command_that_met_it() {
    let text = failure(|| simulate::<Meter<PANICS>>(20, any_command));
    assert!(text.contains("breaks the domain: a bug in evolve"), "{text}");
    assert!(
        text.contains("of aggregate \"meter/") && text.contains("seven cannot be added"),
        "{text}"
    );
}

#[test]
fn a_view_that_depends_on_the_order_of_partitions_is_found() {
    let text = failure(|| simulate::<Meter<ORDERS>>(20, any_command));
    assert!(text.contains("breaks I9"), "{text}");
}

#[test]
fn commands_of_which_none_is_accepted_prove_too_little() {
    let refused = |chance: &mut Chance| (any_command(chance).0, Command::Add { number: 91 });
    let text = failure(|| simulate::<Meter<NONE>>(SEEDS_MIN, refused));
    assert!(
        text.contains("prove too little") && text.contains("only 0 commands were accepted, not 1000: make others"),
        "{text}"
    );
}

/// Nothing but additions: each resend that is forgotten changes something.
#[test]
fn a_domain_that_accepts_everything_passes() {
    let accepted = |chance: &mut Chance| {
        let (id, Command::Add { number }) = any_command(chance);
        (id, Command::Add { number: number % 50 })
    };
    simulate::<Meter<NONE>>(SEEDS_MIN, accepted);
}
