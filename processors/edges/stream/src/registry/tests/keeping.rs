//! Schemas out of one registry and into another under the same ids; a small registry in memory plays both kinds.

use super::play::Site;
use super::*;
use decider::WriterSchema;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::sync::Mutex;

#[derive(Default)]
struct Memory {
    /// Numbers that were taken, also for a schema that was there.
    taken: u32,
    by_id: BTreeMap<u32, String>,
    versions: Vec<(String, u32)>,
    takes_ids: bool,
}

/// A registry that gives ids in order, or takes them as Confluent's does in its mode IMPORT.
fn registry(takes_ids: bool) -> (Registry, Arc<Mutex<Memory>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = if takes_ids { "" } else { "/apis/ccompat/v7" };
    let registry = Registry::new(&format!("http://{}{path}", listener.local_addr().unwrap())).unwrap();
    let memory = Arc::new(Mutex::new(Memory {
        takes_ids,
        ..Memory::default()
    }));
    let kept = Arc::clone(&memory);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            serve(&mut connection.unwrap(), &mut kept.lock().unwrap());
        }
    });
    (registry, memory)
}

fn serve(connection: &mut TcpStream, memory: &mut Memory) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    let (head, body) = loop {
        let length = connection.read(&mut buffer).unwrap_or(0);
        read.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= wanted.map_or(0, |wanted| wanted.trim().parse().unwrap()) || length == 0 {
                break (head.to_owned(), body.to_owned());
            }
        }
    };
    let path = head.split(' ').nth(1).unwrap_or_default().replace("/apis/ccompat/v7", "");
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let (status, said) = memory.answer(head.split(' ').next().unwrap_or_default(), &path, &body);
    answer(connection, status, &said);
    let _gone = connection.flush();
}

impl Memory {
    fn answer(&mut self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let schema = body["schema"].as_str().unwrap_or_default();
        let id = self.by_id.iter().find(|(_, kept)| *kept == schema).map(|(id, _)| *id);
        match (method, &segments[..]) {
            ("PUT", ["mode", _]) => (200, body.to_string()),
            ("DELETE", _) => (200, "[1]".to_owned()),
            ("GET", ["subjects"]) => {
                let subjects: BTreeSet<&String> = self.versions.iter().map(|(subject, _)| subject).collect();
                (200, json!(subjects).to_string())
            }
            ("GET", ["subjects", subject, "versions"]) => {
                let of = self.versions.iter().filter(|(of, _)| of == subject);
                (200, json!((1..=of.count()).collect::<Vec<_>>()).to_string())
            }
            ("GET", ["subjects", subject, "versions", version]) => {
                let mut of = self.versions.iter().filter(|(of, _)| of == subject);
                let (_, id) = of.nth(version.parse::<usize>().unwrap() - 1).unwrap();
                let version: u32 = version.parse().unwrap();
                (
                    200,
                    json!({"subject": subject, "id": id, "version": version, "schema": self.by_id[id]}).to_string(),
                )
            }
            ("GET", ["schemas", "ids", wanted]) => match self.by_id.get(&wanted.parse().unwrap()) {
                Some(schema) => (200, json!({ "schema": schema }).to_string()),
                None => (404, ABSENT.to_owned()),
            },
            ("POST", ["subjects", subject]) => match id {
                Some(id) if self.versions.contains(&((*subject).to_owned(), id)) => (200, json!({ "id": id }).to_string()),
                _ => (404, ABSENT.to_owned()),
            },
            ("POST", ["subjects", subject, "versions"]) => {
                let wanted = body["id"].as_u64().filter(|_| self.takes_ids).map(|id| id as u32);
                self.taken += 1;
                let next = self.taken;
                let id = id.or(wanted).unwrap_or(next);
                self.by_id.insert(id, schema.to_owned());
                self.versions.push(((*subject).to_owned(), id));
                (200, json!({ "id": id }).to_string())
            }
            other => panic!("{other:?}"),
        }
    }
}

fn kept(id: u32, subject: &str, version: u32) -> Kept {
    Kept {
        id,
        subject: subject.to_owned(),
        version,
        schema: format!(r#"{{"type":"fixed","name":"F{id}","size":{id}}}"#),
        references: Vec::new(),
    }
}

#[test]
fn ids_are_kept_by_registries_of_both_kinds_and_a_second_import_changes_nothing() {
    let again = Kept {
        version: 1,
        ..kept(2, "c", 1)
    };
    let all = [kept(2, "a", 1), again, kept(5, "b", 1), kept(6, "a", 2)];
    for takes_ids in [true, false] {
        let (registry, memory) = registry(takes_ids);
        let done = registry.import(&all).unwrap();
        assert_eq!(
            done,
            Imported::Done {
                registered: 4,
                unchanged: 0
            },
            "{takes_ids}"
        );
        for kept in &all {
            assert_eq!(memory.lock().unwrap().by_id[&kept.id], kept.schema);
        }
        assert_eq!(
            registry.import(&all).unwrap(),
            Imported::Done {
                registered: 0,
                unchanged: 4
            }
        );
        let exported = registry.export().unwrap();
        let of_ours: Vec<_> = exported.into_iter().filter(|kept| kept.subject.len() == 1).collect();
        assert_eq!(of_ours, all);
    }
}

#[test]
fn an_import_into_a_registry_with_other_ids_stops_before_it_registers_anything() {
    for takes_ids in [true, false] {
        let (registry, memory) = registry(takes_ids);
        registry.import(&[kept(1, "x", 1), kept(2, "a", 1)]).unwrap();
        let other = [kept(3, "b", 1), Kept { id: 2, ..kept(9, "c", 1) }];
        let Imported::Stopped { reason } = registry.import(&other).unwrap() else {
            panic!("it has the ids");
        };
        assert!(reason.contains("another schema under id 2"), "{reason}");
        assert_eq!(memory.lock().unwrap().versions.len(), 2);
    }
}

#[test]
fn an_id_that_cannot_be_kept_stops_the_import_with_both_ids() {
    let (registry, _memory) = registry(false);
    registry.import(&[kept(5, "a", 1)]).unwrap();
    let Imported::Stopped { reason } = registry.import(&[kept(3, "b", 1)]).unwrap() else {
        panic!("it has given 3");
    };
    assert!(reason.contains("id 3"), "{reason}");
}

fn length(schema: &WriterSchema) -> Result<u64, String> {
    Ok(schema.json.len() as u64)
}

#[test]
fn a_registry_contradicts_the_log_where_an_id_means_something_else_or_nothing() {
    let site = Site::new(
        &[
            ("/schemas/ids/1", 200, r#"{"schema": "12345"}"#),
            ("/schemas/ids/2", 200, r#"{"schema": "12"}"#),
        ],
        (404, ABSENT),
    );
    let contradicts = |in_use: &[(u32, u64)]| {
        let in_use = in_use.iter().map(|(id, fingerprint)| InUse {
            id: *id,
            fingerprint: *fingerprint,
        });
        site.registry.contradicts(&in_use.collect(), length).unwrap()
    };
    assert_eq!(contradicts(&[(1, 5), (2, 2)]), None);
    let other = contradicts(&[(1, 5), (2, 5)]).unwrap();
    assert!(other.contains("schema id 2") && other.contains("0000000000000002"), "{other}");
    let gone = contradicts(&[(7, 5)]).unwrap();
    assert!(gone.contains("schema id 7") && gone.contains("knows no schema id 7"), "{gone}");
}

#[test]
fn a_watched_registry_says_what_it_contradicts_and_that_it_agrees_again() {
    let (registry, memory) = registry(true);
    registry.import(&[kept(4, "a", 1)]).unwrap();
    let fingerprint = kept(4, "a", 1).schema.len() as u64;
    let in_use = BTreeSet::from([InUse { id: 4, fingerprint }]);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    // Looks each time the other side of the channel lets it.
    let watched = WatchedRegistry::watch(registry, in_use, length, move |_| stopped.recv().is_err()).unwrap();
    let found_contradiction = |wanted: bool| {
        stop.send(()).unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        while watched.contradiction().is_some() != wanted && !deadline.is_over() {
            crate::clock::rest(Duration::from_millis(5));
        }
        assert_eq!(watched.contradiction().is_some(), wanted);
    };
    found_contradiction(false);
    let schema = memory.lock().unwrap().by_id.insert(4, "1".to_owned()).unwrap();
    found_contradiction(true);
    memory.lock().unwrap().by_id.insert(4, schema);
    found_contradiction(false);
}
