//! The example on a real broker, which KAFKA_BOOTSTRAP_SERVERS names.

use std::process::Command;

/// Runs the example, which cargo has built beside this test.
fn run() -> String {
    let _servers = std::env::var("KAFKA_BOOTSTRAP_SERVERS").expect("KAFKA_BOOTSTRAP_SERVERS is not set: run this through scripts/test");
    let test = std::env::current_exe().unwrap();
    let example = test.ancestors().nth(2).unwrap().join("examples/bank");
    let output = Command::new(example).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_second_run_repeats_the_outcomes_of_the_first_and_changes_no_account() {
    let balances = [
        "account/ada: Open { holder: \"Ada\", cents: 7500 }",
        "account/bob: Open { holder: \"Bob\", cents: 100 }",
    ];
    let first = run();
    assert!(first.contains("account/ada Withdraw { cents: 7501 }: rejected"), "{first}");
    let second = run();
    assert_eq!(second.matches("(as before)").count(), 8, "{second}");
    for output in [first, second] {
        assert!(balances.iter().all(|balance| output.contains(balance)), "{output}");
    }
}
