//! Former names of keys are refused with the new ones, wherever they stand.

use super::super::elsewhere;
use super::*;

#[test]
fn a_former_name_is_none_of_a_key_and_its_new_name_is_one() {
    for (former, now) in RENAMED {
        assert!(!elsewhere::is_known(former) && elsewhere::is_known(now), "{former}");
    }
}

#[test]
fn a_variable_of_a_former_name_is_an_error_with_the_new_one() {
    let error = check_variables(|name| name == "AEROLOG_SCHEDULE").unwrap_err().to_string();
    assert_eq!(
        error,
        "AEROLOG_SCHEDULE: the key \"schedule\" is called \"topic_prefix\" now, and its variable AEROLOG_TOPIC_PREFIX"
    );
    assert!(check_variables(|name| name == "AEROLOG_TOPIC_PREFIX").is_ok());
}
