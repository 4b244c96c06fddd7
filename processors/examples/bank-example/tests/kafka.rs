//! The example on a real broker, which KAFKA_BOOTSTRAP_SERVERS names.

use std::process::Command;

#[test]
fn a_second_run_repeats_the_outcomes_of_the_first_and_changes_no_account() {
    let set = std::env::var("KAFKA_BOOTSTRAP_SERVERS").is_ok();
    assert!(set, "KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test");
    // Cargo builds examples beside tests.
    let test = std::env::current_exe().unwrap();
    let example = test.ancestors().nth(2).unwrap().join("examples/bank");
    let run = || {
        let output = Command::new(&example).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let (first, second) = (run(), run());
    assert!(first.contains("account/ada Withdraw { cents: 7501 }: rejected"), "{first}");
    assert_eq!(second.matches("(as before)").count(), 8, "{second}");
    for balance in [
        "account/ada: Open { holder: \"Ada\", cents: 7500 }",
        "account/bob: Open { holder: \"Bob\", cents: 100 }",
    ] {
        assert!(first.contains(balance) && second.contains(balance), "{second}");
    }
}
