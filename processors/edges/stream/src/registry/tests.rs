//! Good answers, bad ones, and those of something that is no registry; a listener plays the registry.

mod answers;
mod keeping;
mod play;
mod secrets;

use super::*;
use play::{ABSENT, answer, registry_that_says};
use std::io::Read;
use std::net::TcpListener;

fn subject() -> Subject {
    Subject {
        name: "s".to_owned(),
        schema_json: "\"string\"".to_owned(),
        compatibility: "FULL".to_owned(),
    }
}

#[test]
fn a_refusal_says_what_was_refused_and_is_not_tried_again() {
    let (registry, playing) = registry_that_says(&[(422, r#"{"error_code": 42201, "message": "no schema"}"#)]);
    let refused = registry.id_of(&subject()).unwrap_err();
    assert!(!refused.is_transient());
    let text = refused.to_string();
    assert!(
        text.contains("to look up s") && text.contains("422") && text.contains("no schema"),
        "{text}"
    );
    playing.join().unwrap();
}

#[test]
fn waiting_for_an_id_ends_with_the_answer_or_when_no_more_is_waited() {
    let (registry, playing) = registry_that_says(&[(503, "{}"), (200, r#"{"id": 5}"#)]);
    assert_eq!(registry.wait_for_id(&subject(), &|_, error| error.is_transient()), Ok(Some(5)));
    playing.join().unwrap();
    assert!(registry.wait_for_id(&subject(), &|_, _| false).unwrap_err().is_transient());
}

#[test]
fn a_patient_registry_asks_again_when_no_answer_comes_and_the_others_do_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let playing = std::thread::spawn(move || {
        // The first two connections are taken and never answered.
        let silent = [listener.accept().unwrap(), listener.accept().unwrap()];
        let (mut connection, _) = listener.accept().unwrap();
        assert!(connection.read(&mut [0; 4096]).unwrap() > 0);
        answer(&mut connection, 200, r#"{"id": 5}"#);
        drop(silent);
    });
    let registry = Registry::waiting(&url, Duration::from_secs(2)).unwrap();
    assert!(registry.id_of(&subject()).unwrap_err().is_transient());
    assert_eq!(registry.patient().id_of(&subject()), Ok(Some(5)));
    playing.join().unwrap();
}

#[test]
fn an_id_beyond_what_registries_give_is_no_answer_of_one() {
    for id in ["-1", "2147483648", "99999999999999999999", "\"5\"", "null"] {
        let (registry, playing) = registry_that_says(&[(200, &format!(r#"{{"id": {id}}}"#))]);
        let error = registry.id_of(&subject()).unwrap_err();
        assert!(matches!(error, RegistryError::Foreign { .. }), "{id}: {error}");
        playing.join().unwrap();
    }
}

#[test]
fn an_absent_subject_has_no_id() {
    let (registry, playing) = registry_that_says(&[(404, ABSENT)]);
    assert_eq!(registry.id_of(&subject()), Ok(None));
    playing.join().unwrap();
}

const EXISTS: &str = r#"{"error_code": 409, "message": "A rule named 'COMPATIBILITY' already exists."}"#;

#[test]
fn what_another_client_does_at_the_same_moment_does_not_keep_a_schema_from_being_applied() {
    let (registry, playing) = registry_that_says(&[
        (404, ABSENT),
        (409, EXISTS),
        (200, r#"{"compatibility": "FULL"}"#),
        (409, r#"{"error_code": 409, "message": "the version exists"}"#),
        (200, r#"{"id": 5}"#),
    ]);
    assert_eq!(registry.apply(&subject()), Ok(Applied::Unchanged { id: 5 }));
    playing.join().unwrap();
}

#[test]
fn a_conflict_that_stays_is_an_error_that_says_what_was_refused() {
    let (registry, playing) = registry_that_says(&[(404, ABSENT), (409, EXISTS), (409, EXISTS)]);
    let refused = registry.apply(&subject()).unwrap_err().to_string();
    assert!(
        refused.contains("compatibility FULL for s") && refused.contains("already exists"),
        "{refused}"
    );
    playing.join().unwrap();
    let incompatible = (409, r#"{"error_code": 409, "message": "Incompatible"}"#);
    let (registry, playing) = registry_that_says(&[(404, ABSENT), (200, "{}"), incompatible, (404, ABSENT)]);
    let refused = registry.apply(&subject()).unwrap_err().to_string();
    assert!(refused.contains("the schema of s") && refused.contains("Incompatible"), "{refused}");
    playing.join().unwrap();
}
