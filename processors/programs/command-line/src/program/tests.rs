//! What the help says, for an application with nothing of its own.

use super::*;
use bank_example::Bank;

fn help(arguments: &[&str]) -> String {
    let line = ["teller"].iter().chain(arguments).copied();
    let error = command::<Bank, Plain>(PLAIN, "teller").try_get_matches_from(line).unwrap_err();
    error.to_string()
}

#[test]
fn the_help_speaks_of_the_application_by_the_name_of_its_program() {
    let text = help(&["--help"]);
    for part in [
        "a log of the application bank",
        "teller topics apply",
        "Exit status:",
        "[default: bank]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn no_help_names_another_program_or_application_or_leaves_a_placeholder() {
    let mut command = command::<Bank, Plain>(PLAIN, "teller");
    command.build();
    let mut left = vec![command];
    let mut seen = 0;
    while let Some(mut command) = left.pop() {
        let text = command.render_long_help().to_string();
        for foreign in ["aerolog ", "schedule.", "{program}", "{prefix}"] {
            assert!(!text.contains(foreign), "{foreign}: {text}");
        }
        seen += 1;
        left.extend(command.get_subcommands().filter(|command| command.get_name() != "help").cloned());
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn every_application_can_send_decode_and_audit() {
    let names = command::<Bank, Plain>(PLAIN, "teller");
    let names: Vec<&str> = names.get_subcommands().map(clap::Command::get_name).collect();
    for name in [
        "topics",
        "schemas",
        "wait",
        "send",
        "outcomes",
        "dead-letters",
        "decode",
        "audit",
        "recover",
        "migrate",
        "describe",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}
