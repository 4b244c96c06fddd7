//! Programs that serve over TLS: with certificates that are replaced while they answer, and with some that cannot be used.
#![allow(clippy::unwrap_used)]

use end_to_end::{PATIENCE, Program, Schedule, eventually};
use reqwest::Certificate;
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use test_certificates::{Issued, issued};

/// A client that trusts this certificate only, and begins a connection for each request.
fn trusting(issued: &Issued) -> Client {
    let certificate = Certificate::from_pem(&issued.chain_pem).unwrap();
    let client = Client::builder().tls_certs_only([certificate]).no_proxy().pool_max_idle_per_host(0);
    client.timeout(PATIENCE).build().unwrap()
}

fn url(program: &Program, path: &str) -> String {
    format!("https://localhost:{}{path}", program.address().port())
}

fn create(client: &Client, gateway: &Program, rotation: &str) -> reqwest::Result<Response> {
    let body = json!({ "rotation_id": rotation, "mode": "draft" });
    client.post(url(gateway, "/rotations")).json(&body).send()
}

/// A program that serves with the certificate of a folder.
fn encrypted(name: &str, schedule: &Schedule, state: &Path, certificates: &Path) -> Program {
    let variables = [("AEROLOG_HTTP__TLS_DIRECTORY", certificates.to_str().unwrap())];
    Program::start(name, schedule, state, &variables)
}

#[test]
fn a_new_certificate_is_shown_by_both_services_while_they_answer() {
    let schedule = Schedule::new("encrypted", 2);
    let folder = tempfile::tempdir().unwrap();
    let state = |name: &str| folder.path().join(name);
    let (first, second) = (issued("localhost"), issued("localhost"));
    let certificates = state("certificates");
    fs::create_dir(&certificates).unwrap();
    first.write_to(&certificates);
    let mut programs = [
        Program::processor(&schedule, &state("processor"), "one"),
        encrypted("materializer", &schedule, &state("view"), &certificates),
        encrypted("command-gateway", &schedule, &state("gateway"), &certificates),
    ];
    programs.iter_mut().for_each(Program::wait_until_ready);
    let [_processor, view, gateway] = &programs;
    let (by_first, by_second) = (trusting(&first), trusting(&second));

    let created = create(&by_first, gateway, "R1").unwrap();
    assert_eq!(created.status(), 200);
    let position = created.headers()["x-position"].to_str().unwrap().to_owned();
    let seen = by_first
        .get(url(view, &format!("/rotations/R1?at_least={position}")))
        .send()
        .unwrap();
    assert_eq!(seen.json::<Value>().unwrap()["id"], "R1");
    for program in [view, gateway] {
        assert!(!answers(&by_second, program), "another certificate");
        let plain = program.answer("/openapi.json").unwrap();
        assert_eq!((plain.status, &plain.body["type"]), (400, &json!("urn:aerolog:problem:tls-wanted")));
    }
    let mut followed = BufReader::new(by_first.get(url(view, "/changes")).send().unwrap());
    read_until(&mut followed, "event: live");

    // One file comes before the other, and both services answer all the while.
    fs::write(certificates.join("tls.crt"), &second.chain_pem).unwrap();
    for program in [view, gateway] {
        eventually("the half pair is looked at", || program.log().contains("cannot be used together"));
        assert!(answers(&by_first, program));
    }
    fs::write(certificates.join("tls.key"), &second.key_pem).unwrap();
    for program in [view, gateway] {
        eventually("the new certificate is shown", || {
            let is_shown = answers(&by_second, program);
            // Between the two questions the new one may have come.
            assert!(
                is_shown || answers(&by_first, program) || answers(&by_second, program),
                "neither is shown"
            );
            is_shown
        });
        assert!(!answers(&by_first, program), "the former certificate is still shown");
    }

    // A connection that has begun before goes on.
    assert_eq!(create(&by_second, gateway, "R2").unwrap().status(), 200);
    read_until(&mut followed, "rotation/R2");

    // Of a pair that cannot be used, the former one stays.
    fs::write(certificates.join("tls.crt"), b"no certificate").unwrap();
    for program in [view, gateway] {
        eventually("it is looked at", || program.log().contains("expected certificates in PEM"));
        assert!(answers(&by_second, program));
    }
}

fn answers(client: &Client, program: &Program) -> bool {
    client
        .get(url(program, "/openapi.json"))
        .send()
        .is_ok_and(|answer| answer.status() == 200)
}

fn read_until(stream: &mut impl BufRead, expected: &str) {
    let mut line = String::new();
    while !line.contains(expected) {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "{expected:?} does not come");
    }
}

/// What a file holds, or none where there is no such file.
type Pem<'a> = Option<&'a [u8]>;

#[test]
fn certificates_that_cannot_be_used_end_a_program_at_its_start_and_it_says_why() {
    let schedule = Schedule::new("encrypted-wrong", 2);
    let folder = tempfile::tempdir().unwrap();
    let (good, other) = (issued("localhost"), issued("localhost"));
    let cases: [(&str, Pem, Pem, &str); 6] = [
        ("no-chain", None, Some(&good.key_pem), "tls.crt: No such file or directory"),
        ("no-key", Some(&good.chain_pem), None, "tls.key: No such file or directory"),
        (
            "empty-chain",
            Some(b""),
            Some(&good.key_pem),
            "tls.crt: expected certificates in PEM, the server's own first",
        ),
        (
            "key-for-chain",
            Some(&good.key_pem),
            Some(&good.key_pem),
            "tls.crt: expected certificates in PEM, the server's own first",
        ),
        (
            "chain-for-key",
            Some(&good.chain_pem),
            Some(&good.chain_pem),
            "tls.key: expected a private key in PEM, without a password",
        ),
        ("other-key", Some(&good.chain_pem), Some(&other.key_pem), "tls.crt and tls.key in"),
    ];
    for (case, chain, key, reason) in cases {
        let certificates = folder.path().join(case);
        fs::create_dir(&certificates).unwrap();
        for (name, content) in [("tls.crt", chain), ("tls.key", key)] {
            content
                .into_iter()
                .for_each(|content| fs::write(certificates.join(name), content).unwrap());
        }
        for name in ["materializer", "command-gateway"] {
            let mut program = encrypted(name, &schedule, &folder.path().join(format!("{name}-{case}")), &certificates);
            assert!(!program.wait().success(), "{name} {case}");
            let log = program.log();
            assert!(log.contains("http.tls_directory: ") && log.contains(reason), "{name} {case}: {log}");
            assert!(log.contains(certificates.to_str().unwrap()), "{name} {case}: {log}");
            let secret = String::from_utf8_lossy(&good.key_pem);
            assert!(
                secret.lines().nth(1).is_some_and(|line| !log.contains(line)),
                "{name} {case}: the key is in the log"
            );
        }
    }
}
