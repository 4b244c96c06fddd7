//! Commands and their answers, without any client.

use super::*;
use serde_json::Value;

fn ask(proxy: &Proxy, line: &str) -> Value {
    serde_json::from_str(&answer(proxy, line)).unwrap()
}

#[test]
fn rules_are_added_listed_taken_away_and_healed() {
    let proxy = Proxy::start("127.0.0.1:1").unwrap();
    let added = ask(&proxy, r#"{"do":"add","rule":{"when":{"api":"Fetch"},"fault":{"delay":{"ms":9}}}}"#);
    let number = added["ok"].as_u64().unwrap();
    let listed = ask(&proxy, r#"{"do":"rules"}"#);
    assert_eq!(listed["ok"][0]["id"], number);
    assert_eq!(listed["ok"][0]["rule"]["fault"]["delay"]["ms"], 9);
    let remove = format!(r#"{{"do":"remove","rule":{number}}}"#);
    assert_eq!(ask(&proxy, &remove), json!({ "ok": null }));
    assert!(ask(&proxy, &remove)["error"].as_str().unwrap().contains("no rule"));
    ask(&proxy, r#"{"do":"add","rule":{"fault":"reset"}}"#);
    assert_eq!(ask(&proxy, r#"{"do":"heal"}"#), json!({ "ok": null }));
    assert_eq!(ask(&proxy, r#"{"do":"rules"}"#), json!({ "ok": [] }));
}

#[test]
fn what_is_no_command_is_answered_with_an_error() {
    let proxy = Proxy::start("127.0.0.1:1").unwrap();
    for line in ["", "{}", "nonsense", r#"{"do":"nothing"}"#, r#"{"do":"heal","rule":1}"#] {
        assert!(ask(&proxy, line)["error"].is_string(), "{line}");
    }
    let error = ask(&proxy, r#"{"do":"release","held":5}"#);
    assert_eq!(error, json!({ "error": "no request is held under the number 5" }));
}

#[test]
fn commands_come_over_a_socket_one_a_line() {
    let proxy = Proxy::start("127.0.0.1:1").unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    std::thread::scope(|scope| {
        let served = scope.spawn(|| serve(&proxy, &theirs));
        let mut out = &ours;
        out.write_all(b"{\"do\":\"brokers\"}\n{\"do\":\"held\"}\n").unwrap();
        let mut lines = BufReader::new(&ours).lines();
        let brokers: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(brokers["ok"]["127.0.0.1:1"], proxy.bootstrap());
        assert_eq!(lines.next().unwrap().unwrap(), r#"{"ok":[]}"#);
        ours.shutdown(std::net::Shutdown::Write).unwrap();
        served.join().unwrap().unwrap();
    });
}
