//! Given events, when a command, then events or a rejection.

use crate::report::{difference, difference_of, indented, list};
use crate::stored::Aggregate;
use decider::{Context, Domain, Rejection};
use serde_json::Value;
use std::fmt::Debug;
use uuid::Uuid;

/// The events of an aggregate so far.
pub struct Given<D: Domain> {
    aggregate_id: String,
    events: Vec<D::Event>,
    decided_at_ms: i64,
}

/// An aggregate with these events, oldest first. Its id is `aggregate/1`, and it is the beginning of 2026, unless the test says otherwise.
pub fn given<D: Domain>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    Given {
        aggregate_id: "aggregate/1".to_owned(),
        events: events.into_iter().collect(),
        decided_at_ms: 1_767_225_600_000,
    }
}

impl<D: Domain<State: Debug + PartialEq, Command: Debug>> Given<D> {
    #[must_use]
    pub fn aggregate(mut self, id: &str) -> Self {
        id.clone_into(&mut self.aggregate_id);
        self
    }

    /// The time of the decision, such as `2026-03-01T12:00:00Z`.
    ///
    /// # Panics
    /// On text that is no time.
    #[must_use]
    #[track_caller]
    pub fn at(mut self, time: &str) -> Self {
        let read = json_codec::instant(&Value::from(time));
        self.decided_at_ms = read.unwrap_or_else(|problem| panic!("the time {problem}"));
        self
    }

    /// Decides a command on the state that the events lead to. Every state on the way has to come back from its stored parts.
    ///
    /// # Panics
    /// When a state does not.
    #[track_caller]
    pub fn when(self, command: &D::Command) -> Decided<D> {
        let mut aggregate = Aggregate::<D>::new(&self.aggregate_id);
        self.events.into_iter().for_each(|event| aggregate.apply(event));
        let context = Context {
            aggregate_id: &aggregate.id,
            version: aggregate.version,
            command_id: Uuid::from_u128(1),
            decided_at_ms: self.decided_at_ms,
        };
        let decided = D::decide(&context, &aggregate.state, command);
        Decided {
            history: format!(
                "{}\nstate{}\nwhen{}",
                list("given", &aggregate.events),
                indented(&format!("{:#?}", aggregate.state)),
                indented(&format!("{command:?}"))
            ),
            aggregate,
            decided,
        }
    }
}

/// What was decided.
pub struct Decided<D: Domain> {
    history: String,
    aggregate: Aggregate<D>,
    decided: Result<Vec<D::Event>, Rejection>,
}

impl<D: Domain<State: Debug + PartialEq>> Decided<D> {
    /// The command was accepted, with these events, and the state that they lead to comes back from its stored parts.
    ///
    /// # Panics
    /// When it was not: with the events before, the state, the command, and what differs.
    #[track_caller]
    pub fn then(mut self, events: impl IntoIterator<Item = D::Event>) -> D::State {
        let expected: Vec<D::Event> = events.into_iter().collect();
        let history = &self.history;
        match &self.decided {
            Ok(found) if *found == expected => {}
            Ok(found) => panic!(
                "{history}\n{}\n{}\n{}",
                list("then should follow", &expected),
                list("but followed", found),
                difference_of(&expected, found)
            ),
            Err(rejection) => panic!(
                "{history}\n{}\nbut it was rejected{}",
                list("then should follow", &expected),
                said(rejection)
            ),
        }
        expected.into_iter().for_each(|event| self.aggregate.apply(event));
        self.aggregate.state
    }

    /// The command was accepted, and changed nothing.
    ///
    /// # Panics
    /// When it was not.
    #[track_caller]
    pub fn then_nothing(self) -> D::State {
        self.then([])
    }

    /// The command was rejected by this rule, with these facts among those that the rejection names.
    ///
    /// # Panics
    /// When it was not: with the events before, the state, the command, and what differs.
    #[track_caller]
    pub fn then_rejected(self, rule: &str, facts: &[(&str, &str)]) {
        let history = &self.history;
        let expected = format!("then should be rejected\n    rule {rule}{}", facts_as_lines(facts.iter().copied()));
        match self.decided {
            Ok(events) => panic!("{history}\n{expected}\n{}", list("but was accepted, with", &events)),
            Err(rejection) if rejection.rule != rule => panic!("{history}\n{expected}\nbut by another rule{}", said(&rejection)),
            Err(rejection) => {
                let named: Vec<(&str, &str)> = rejection.facts.iter().flatten().map(|(name, value)| (&**name, &**value)).collect();
                if !facts.iter().all(|fact| named.contains(fact)) {
                    let lines = |facts: &mut dyn Iterator<Item = (&str, &str)>| {
                        facts.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
                    };
                    let names: Vec<&str> = facts.iter().map(|(name, _)| *name).collect();
                    let compared = &mut named.iter().copied().filter(|(name, _)| names.contains(name));
                    let differs = difference(&lines(&mut facts.iter().copied()), &lines(compared));
                    panic!("{history}\n{expected}\nbut with other facts{}\n{differs}", said(&rejection));
                }
            }
        }
    }
}

fn said(rejection: &Rejection) -> String {
    let facts = rejection.facts.iter().flatten();
    let facts = facts_as_lines(facts.map(|(name, value)| (&**name, &**value)));
    format!("\n    rule {}: {}{facts}", rejection.rule, rejection.message)
}

fn facts_as_lines<'f>(facts: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    facts.map(|(name, value)| format!("\n    fact {name}: {value}")).collect()
}

#[cfg(test)]
mod tests;
