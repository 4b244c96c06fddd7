//! The arguments that every program has.

use super::*;

fn program() -> Program<()> {
    Program {
        name: "example",
        about: "Serves as an example.",
        details: "It keeps nothing.",
        defaults: "",
        load: |_| Ok(()),
        argument: None,
        serve: |(), _| Ok(()),
    }
}

#[test]
fn a_program_takes_a_file_and_prints_its_defaults() {
    let parse = |arguments: &[&str]| {
        let matches = program().command().try_get_matches_from(arguments)?;
        Arguments::from_arg_matches(&matches)
    };
    let arguments = parse(&["example", "--config", "a.toml"]).unwrap();
    assert_eq!(arguments.config.as_deref(), Some(Path::new("a.toml")));
    assert!(!arguments.print_defaults);
    assert!(parse(&["example", "--print-defaults"]).unwrap().print_defaults);
    assert_eq!(parse(&["example", "--confg", "a.toml"]).unwrap_err().exit_code(), 2);
}

#[test]
fn help_says_what_the_program_is_and_how_it_ends() {
    let short = program().command().render_help().to_string();
    assert!(short.starts_with("Serves as an example.\n\nUsage: example"), "{short}");
    assert!(short.contains("Exit status: 0"), "{short}");
    assert!(!short.contains("It keeps nothing."), "{short}");
    let long = program().command().render_long_help().to_string();
    assert!(long.contains("It keeps nothing."), "{long}");
}
