//! What looking an id up comes to: a schema, a definite no, or a wait with its reason.

use super::play::{ABSENT, Site, registry_that_says};
use super::*;

const TEXT: &str = r#"{"schema": "\"string\""}"#;

fn absent(lookup: Lookup) -> String {
    lookup.into_result().unwrap_err()
}

#[test]
fn an_id_that_the_registry_does_not_know_is_a_definite_answer() {
    let (registry, playing) = registry_that_says(&[(404, ABSENT)]);
    assert_eq!(absent(registry.schema(7).unwrap()), "the registry knows no schema id 7");
    playing.join().unwrap();
}

#[test]
fn an_id_above_31_bits_is_not_even_asked_for() {
    let site = Site::new(&[], (200, TEXT));
    for id in [0x8000_0000, u32::MAX] {
        assert_eq!(
            absent(site.registry.schema(id).unwrap()),
            "no registry gives an id above 2147483647"
        );
    }
    assert!(site.asked().is_empty());
    assert!(matches!(site.registry.schema(0x7fff_ffff), Ok(Lookup::Found(_))));
}

#[test]
fn a_schema_of_another_kind_is_none_of_ours() {
    let (registry, playing) = registry_that_says(&[(200, r#"{"schema": "syntax", "schemaType": "PROTOBUF"}"#)]);
    assert_eq!(absent(registry.schema(7).unwrap()), "schema id 7 is PROTOBUF, not Avro");
    playing.join().unwrap();
}

#[test]
fn a_registry_that_is_not_well_or_not_there_may_be_there_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (registry, playing) = registry_that_says(&[(status, "not well")]);
        let unwell = registry.schema(7).unwrap_err();
        assert!(matches!(unwell, RegistryError::Away { .. }), "{unwell}");
        assert!(unwell.is_transient() && unwell.to_string().contains("not well"), "{unwell}");
        playing.join().unwrap();
        let gone = registry.schema(7).unwrap_err();
        assert!(gone.is_transient() && gone.to_string().contains("does not answer"), "{gone}");
    }
}

#[test]
fn a_refusal_of_one_id_is_distinguished_from_a_refusal_of_everything() {
    for status in [401, 403] {
        let forbidden = r#"{"error_code": 40301, "message": "not yours"}"#;
        // Others are given: the one that was given last.
        let site = Site::new(&[("/schemas/ids/1", 200, TEXT)], (status, forbidden));
        assert!(matches!(site.registry.schema(1), Ok(Lookup::Found(_))));
        let text = absent(site.registry.schema(7).unwrap());
        assert!(text.contains("refuses schema id 7 to us") && text.contains("not yours"), "{text}");
        // None was given yet, but there are subjects to see.
        let site = Site::new(&[("/subjects", 200, r#"["s"]"#)], (status, forbidden));
        assert!(matches!(site.registry.schema(7), Ok(Lookup::Absent(_))));
        // Nothing is given.
        let site = Site::new(&[], (status, forbidden));
        let denied = site.registry.schema(7).unwrap_err();
        assert!(matches!(denied, RegistryError::Denied { .. }) && denied.is_transient(), "{denied}");
        assert!(
            denied.to_string().contains("refuses us") && denied.to_string().contains("password"),
            "{denied}"
        );
    }
}

#[test]
fn a_schema_that_was_refused_with_everything_else_is_asked_for_again() {
    for status in [401, 403] {
        let forbidden = (status, r#"{"error_code": 40301, "message": "nothing yet"}"#);
        // Between the first request and the second the registry has begun to answer us.
        let begun = [forbidden, (200, r#"["s"]"#)];
        let (registry, playing) = registry_that_says(&[begun[0], begun[1], (200, TEXT)]);
        assert!(matches!(registry.schema(7), Ok(Lookup::Found(_))));
        playing.join().unwrap();
        let (registry, playing) = registry_that_says(&[begun[0], begun[1], (503, "not well")]);
        assert!(registry.schema(7).unwrap_err().is_transient());
        playing.join().unwrap();
        let (registry, playing) = registry_that_says(&[begun[0], begun[1], forbidden]);
        assert!(absent(registry.schema(7).unwrap()).contains("lack the rights"));
        playing.join().unwrap();
    }
}

#[test]
fn what_is_no_registry_makes_no_dead_letter() {
    let page = "<html><body>Please log in</body></html>";
    for (status, body) in [
        (200, page),
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, "null"),
        (200, r#"{"schema": 5}"#),
        (200, r#"{"schema": null}"#),
        (200, r#"{"schema": "\"string\""#),
        (204, ""),
        (301, ""),
        (302, page),
        (304, ""),
        (307, ""),
        (404, page),
        (404, ""),
        (404, "{}"),
        (404, r#"{"message": "no Route matched with those values"}"#),
        (400, page),
        (405, ""),
        (418, "teapot"),
    ] {
        let site = Site::new(&[], (status, body));
        let error = site.registry.schema(7).unwrap_err();
        assert!(matches!(error, RegistryError::Foreign { .. }), "{status} {body}: {error}");
        assert!(error.is_transient() && error.to_string().len() < 800, "{error}");
    }
}

#[test]
fn a_redirect_in_a_circle_or_to_a_page_is_waited_for_and_one_to_a_registry_is_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            use std::io::Write;
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            let length = connection.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            if request.starts_with("GET /there/") {
                answer(&mut connection, 200, TEXT);
            } else {
                let to = if request.starts_with("GET /around/") {
                    "/around/"
                } else {
                    "/there/schemas/ids/7"
                };
                write!(
                    connection,
                    "HTTP/1.1 302 X\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
                .unwrap();
            }
        }
    });
    let registry = Registry::new(&format!("http://{address}/elsewhere")).unwrap();
    assert!(matches!(registry.schema(7), Ok(Lookup::Found(_))));
    let around = Registry::new(&format!("http://{address}/around")).unwrap();
    assert!(around.schema(7).unwrap_err().is_transient());
}

#[test]
fn a_schema_that_is_too_long_is_a_definite_answer() {
    let long = format!(r#"{{"schema": "{}"}}"#, "x".repeat(SCHEMA_BYTES_MAX + 1));
    let site = Site::new(&[], (200, &long));
    assert!(absent(site.registry.schema(7).unwrap()).contains("more than 131072 bytes"));
    let huge = format!(r#"{{"schema": "{}"}}"#, "x".repeat(10 << 20));
    let site = Site::new(&[], (200, &huge));
    assert!(absent(site.registry.schema(7).unwrap()).contains("more than 131072 bytes"));
}

#[test]
fn references_come_before_those_that_refer_to_them_and_each_once() {
    let refers = |schema: &str, to: &[(&str, i32)]| {
        let references: Vec<_> = to
            .iter()
            .map(|(subject, version)| json!({"name": subject, "subject": subject, "version": version}))
            .collect();
        json!({"schema": schema, "references": references}).to_string()
    };
    let (main, a, b) = (
        refers("main", &[("a", 1), ("b", 2)]),
        refers("a", &[("b/ü", 2), ("b", 2)]),
        refers("b", &[]),
    );
    let pages = [
        ("/schemas/ids/7", 200, main.as_str()),
        ("/subjects/a/versions/1", 200, a.as_str()),
        ("/subjects/b/versions/2", 200, b.as_str()),
        ("/subjects/b%2F%C3%BC/versions/2", 200, b.as_str()),
    ];
    let site = Site::new(&pages, (404, ABSENT));
    let found = site.registry.schema(7).unwrap().into_result().unwrap();
    assert_eq!(
        (found.json.as_str(), found.references),
        ("main", vec!["b".to_owned(), "b".to_owned(), "a".to_owned()])
    );
    assert_eq!(site.asked().len(), 4);
}

#[test]
fn references_that_lead_back_end() {
    let around = r#"{"schema": "a", "references": [{"name": "a", "subject": "a", "version": 1}]}"#;
    let site = Site::new(&[], (200, around));
    assert!(matches!(site.registry.schema(7), Ok(Lookup::Found(_))));
    assert!(site.asked().len() <= 3, "{:?}", site.asked());
}

#[test]
fn references_without_an_end_or_that_are_absent_are_definite() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = Registry::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    std::thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let mut connection = connection.unwrap();
            assert!(connection.read(&mut [0; 4096]).unwrap() > 0);
            let next = format!(r#"{{"schema": "a", "references": [{{"name": "a", "subject": "a", "version": {number}}}]}}"#);
            answer(&mut connection, 200, &next);
        }
    });
    assert!(absent(registry.schema(7).unwrap()).contains("levels deep"));
    let wide: Vec<_> = (0..100)
        .map(|version| json!({"name": "a", "subject": "a", "version": version}))
        .collect();
    let wide = json!({"schema": "a", "references": wide}).to_string();
    let site = Site::new(&[("/schemas/ids/7", 200, &wide)], (200, TEXT));
    assert!(absent(site.registry.schema(7).unwrap()).contains("more than 64"));
    let site = Site::new(&[("/schemas/ids/7", 200, &wide)], (404, ABSENT));
    assert!(absent(site.registry.schema(7).unwrap()).contains("version 0 of \"a\""));
}
