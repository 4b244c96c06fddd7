//! A golden log, and domains that have changed since.

use super::*;
use crate::planted::failure;
use decider::{Context, Domain, Rejection};
use json_codec::{EventForms, Json, JsonCodec, OneForm};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::marker::PhantomData;
use tempfile::TempDir;

/// A domain with these events, which have had these forms.
#[derive(Debug)]
struct Lamp<E, F>(PhantomData<fn() -> (E, F)>);

trait AnyEvent: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + 'static {}
impl<E: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + 'static> AnyEvent for E {}

impl<E: AnyEvent, F: EventForms> Domain for Lamp<E, F> {
    type Command = ();
    type Event = E;
    type State = ();
    type Representation = Json;

    fn initial(_: &str) {}

    fn decide(_: &Context<'_>, (): &(), (): &()) -> Result<Vec<E>, Rejection> {
        Ok(Vec::new())
    }

    fn evolve((): &mut (), _: &E) {}
}

impl<E: AnyEvent, F: EventForms> Application for Lamp<E, F> {
    const NAME: &'static str = "lamp";
    type Codec = JsonCodec<Self, F>;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum First {
    Dimmed { percent: u64 },
}

/// The file of a domain that was written by its first build.
fn file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let written = written::<Lamp<First, OneForm>>(First::Dimmed { percent: 40 });
    let reads_as = format!("{:#?}", First::Dimmed { percent: 40 });
    let line = Line {
        number: 1,
        written,
        reads_as,
    };
    fs::write(&file, format!("{}\n", line.json())).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

#[test]
fn events_as_they_have_always_been_pass() {
    let (_folder, file) = file();
    check_golden::<Lamp<First, OneForm>>(&file, [First::Dimmed { percent: 40 }]);
}

#[test]
fn a_form_that_is_in_no_line_has_to_be_added() {
    let (_folder, file) = file();
    let text = failure(|| check_golden::<Lamp<First, OneForm>>(&file, [First::Dimmed { percent: 50 }]));
    assert!(text.contains("has no line for events as they are written now\n    {"), "{text}");
    assert!(text.contains("UPDATE_GOLDEN=1"), "{text}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Renamed {
    Dimmed { per_mille: u64 },
}

#[test]
fn a_form_that_cannot_be_read_any_more_is_shown_with_what_to_do() {
    let (_folder, file) = file();
    let text = failure(|| check_golden::<Lamp<Renamed, OneForm>>(&file, []));
    let begin =
        format!("{file}:1: an event that was written like this cannot be read any more: payload cannot be read: missing field `per_mille`");
    assert!(text.starts_with(&begin) && text.contains("upcast the former form"), "{text}");
}

/// Reads percent as if they were per mille.
#[derive(Debug)]
struct Careless;

impl EventForms for Careless {
    const VERSION: u32 = 2;

    fn upcast(_: u32, payload: Value) -> Result<Value, String> {
        Ok(json!({ "Dimmed": { "per_mille": payload["Dimmed"]["percent"] } }))
    }
}

#[test]
fn a_form_that_is_read_differently_than_before_is_shown_with_the_difference() {
    let (_folder, file) = file();
    let text = failure(|| check_golden::<Lamp<Renamed, Careless>>(&file, []));
    assert!(text.contains("is read differently than before"), "{text}");
    assert!(text.contains("    -     percent: 40,\n    +     per_mille: 40,"), "{text}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Strict {
    Dimmed { percent: u64 },
}

#[test]
fn a_type_that_refuses_fields_of_later_builds_is_found() {
    let (_folder, file) = file();
    let text = failure(|| check_golden::<Lamp<Strict, OneForm>>(&file, []));
    assert!(text.contains("take deny_unknown_fields from the event's type"), "{text}");
}
