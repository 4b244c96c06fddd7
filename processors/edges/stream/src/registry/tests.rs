//! What is made of a registry's answers, good and bad ones; a listener plays the registry.

use super::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A registry that answers the requests that come with these, in turn, and then is gone.
fn registry_that_says(answers: &[(u16, &str)]) -> (Registry, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answers: Vec<(u16, String)> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
    let playing = std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut connection, _) = listener.accept().unwrap();
            let asked = connection.read(&mut [0; 4096]).unwrap();
            assert!(asked > 0);
            answer(&mut connection, status, &body);
        }
    });
    (Registry::new(&url).unwrap(), playing)
}

fn answer(connection: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
}

const ABSENT: &str = r#"{"error_code": 40403, "message": "Schema not found"}"#;

fn subject() -> Subject {
    Subject {
        name: "s".to_owned(),
        schema_json: "\"string\"".to_owned(),
        compatibility: "FULL".to_owned(),
    }
}

#[test]
fn an_id_that_the_registry_does_not_know_is_a_definite_answer() {
    let (registry, playing) = registry_that_says(&[(404, ABSENT), (404, ABSENT)]);
    assert_eq!(registry.schema(7), Ok(None));
    playing.join().unwrap();
}

#[test]
fn a_registry_that_is_well_again_at_the_second_try_has_answered() {
    let (registry, playing) = registry_that_says(&[(503, "{}"), (200, r#"{"schema": "\"string\""}"#)]);
    assert_eq!(registry.schema(7), Ok(Some("\"string\"".to_owned())));
    playing.join().unwrap();
}

#[test]
fn a_schema_of_another_kind_is_none_of_ours() {
    let (registry, playing) = registry_that_says(&[(503, "{}"), (200, r#"{"schema": "syntax", "schemaType": "PROTOBUF"}"#)]);
    assert_eq!(registry.schema(7), Ok(None));
    playing.join().unwrap();
}

#[test]
fn a_registry_that_is_not_well_or_not_there_may_be_there_again() {
    let (registry, playing) = registry_that_says(&[(500, "{}"), (500, "not well")]);
    let unwell = registry.schema(7).unwrap_err();
    assert!(unwell.is_transient() && unwell.to_string().contains("not well"), "{unwell}");
    playing.join().unwrap();
    let gone = registry.schema(7).unwrap_err();
    assert!(gone.is_transient() && gone.to_string().contains("cannot be reached"), "{gone}");
}

#[test]
fn a_refusal_says_what_was_refused_and_is_not_tried_again() {
    let (registry, playing) = registry_that_says(&[(422, r#"{"message": "no schema"}"#)]);
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
fn waiting_for_an_id_ends_with_the_answer_or_when_nobody_wants_to_wait() {
    let (registry, playing) = registry_that_says(&[(503, "{}"), (200, r#"{"id": 5}"#)]);
    assert_eq!(registry.wait_for_id(&subject(), &|_, error| error.is_transient()), Ok(Some(5)));
    playing.join().unwrap();
    assert!(registry.wait_for_id(&subject(), &|_, _| false).unwrap_err().is_transient());
}

#[test]
fn who_is_patient_asks_again_when_no_answer_comes_and_the_others_do_not() {
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
    let registry = Registry::waiting(&url, Duration::from_millis(300)).unwrap();
    assert!(registry.id_of(&subject()).unwrap_err().is_transient());
    assert_eq!(registry.patient().id_of(&subject()), Ok(Some(5)));
    playing.join().unwrap();
}

#[test]
fn no_message_shows_a_password() {
    let registry = Registry::new("http://me:hunter2@127.0.0.1:1/api/").unwrap();
    let error = registry.id_of(&subject()).unwrap_err();
    for text in [format!("{registry:?}"), format!("{error:?}"), error.to_string()] {
        assert!(text.contains("127.0.0.1:1/api") && !text.contains("hunter2"), "{text}");
    }
}
