//! Commands whose schema has to be learned from the registry, and answers of earlier builds.

use super::log::{Log, outcome, set_outcome};
use crate::Invariant::I7;
use crate::SourceError;
use bank_example::{Account, Bank, Command, Event};
use decider::{Codec, CommandEnvelope, Context, DecodeError, Domain, EventEnvelope, Outcome, Rejection, WriterSchema};

/// The bank of a build that gives up a rule which the build before it had.
struct LaterBank;

impl Domain for LaterBank {
    type Command = Command;
    type Event = Event;
    type State = Account;
    type Representation = <Bank as Domain>::Representation;

    const REFUSED_EARLIER: &'static [&'static str] = &["account-frozen"];

    fn initial(aggregate_id: &str) -> Account {
        Bank::initial(aggregate_id)
    }

    fn decide(context: &Context<'_>, account: &Account, command: &Command) -> Result<Vec<Event>, Rejection> {
        Bank::decide(context, account, command)
    }

    fn evolve(account: &mut Account, event: &Event) {
        Bank::evolve(account, event);
    }
}

/// Commands are of a schema that has to be learned first.
#[derive(Default)]
struct Learning {
    codec: bank_example::Codec,
    has_learned: bool,
}

const SCHEMA_ID: u32 = 7;

impl<D: Domain<Command = Command, Event = Event>> Codec<D> for Learning {
    fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<Command>, DecodeError> {
        if !self.has_learned {
            return Err(DecodeError::UnknownSchema(SCHEMA_ID));
        }
        Codec::<Bank>::decode_command(&mut self.codec, content_type, value)
    }

    fn encode_meaning(&mut self, command: &Command, out: &mut Vec<u8>) {
        Codec::<Bank>::encode_meaning(&mut self.codec, command, out);
    }

    fn learn(&mut self, schema_id: u32, schema: &WriterSchema) -> Result<(), String> {
        assert_eq!((schema_id, schema.json.as_str()), (SCHEMA_ID, "commands"));
        self.has_learned = true;
        Ok(())
    }

    fn encode_event(&mut self, event: &EventEnvelope<Event>, out: &mut Vec<u8>) {
        Codec::<Bank>::encode_event(&mut self.codec, event, out);
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        Codec::<Bank>::decode_event(&mut self.codec, value)
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        Codec::<Bank>::encode_outcome(&mut self.codec, outcome, out);
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        Codec::<Bank>::decode_outcome(&mut self.codec, value)
    }
}

#[test]
fn commands_are_decided_again_with_a_schema_that_is_learned_from_the_registry_once() {
    let mut asked = Vec::new();
    let schemas = |id| {
        asked.push(id);
        Ok::<_, SourceError>(Ok(WriterSchema::from("commands")))
    };
    let verdict = Log::new().audit_as::<Bank>(Learning::default(), Box::new(schemas), &mut |_| {});
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!((verdict.counts.redecided, verdict.counts.trusted), (205, 0));
    assert_eq!(asked, [SCHEMA_ID]);
}

/// The place of a rejection in partition 0 that no other outcome repeats.
fn rejection_that_is_never_repeated(log: &Log) -> usize {
    let outcomes: Vec<_> = log.partitions[0].outcomes.iter().map(outcome).collect();
    let of_same = |one: &Outcome| {
        let same = |other: &&Outcome| (other.command_id, &other.aggregate_id) == (one.command_id, &one.aggregate_id);
        outcomes.iter().filter(same).count()
    };
    let wanted = |one: &Outcome| one.rejection.is_some() && !one.repeated && !one.refuses_id() && of_same(one) == 1;
    outcomes.iter().position(wanted).unwrap()
}

#[test]
fn a_rule_by_which_an_earlier_build_refused_is_taken_as_it_is_and_any_other_is_not() {
    let refused_by = |rule: &str| {
        let mut log = Log::new();
        let index = rejection_that_is_never_repeated(&log);
        set_outcome(&mut log.partitions[0].outcomes[index], |outcome| {
            outcome.rejection.as_mut().unwrap().rule = rule.to_owned();
        });
        let codec = Learning {
            has_learned: true,
            ..Learning::default()
        };
        log.audit_as::<LaterBank>(codec, Box::new(|_| Ok(Err("there is none".to_owned()))), &mut |_| {})
    };
    let verdict = refused_by("account-frozen");
    assert!(verdict.holds(), "{:#?}", verdict.kept);
    assert_eq!((verdict.counts.trusted, verdict.counts.redecided), (1, 204));
    assert_eq!(refused_by("account-cold").by_invariant.keys().collect::<Vec<_>>(), [&I7]);
}

#[test]
fn the_sentence_of_a_rejection_may_be_that_of_another_build_but_not_of_this_one() {
    let mut log = Log::new();
    log.is_of_this_build = true;
    assert!(log.audit().holds());
    let index = rejection_that_is_never_repeated(&log);
    set_outcome(&mut log.partitions[0].outcomes[index], |outcome| {
        outcome.rejection.as_mut().unwrap().message.push('!');
    });
    log.check(I7, "gives another outcome");
    log.is_of_this_build = false;
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
}

#[test]
fn an_event_or_outcome_in_other_bytes_of_the_same_meaning_is_the_same() {
    let mut log = Log::new();
    let topics = &mut log.partitions[0];
    for seen in [&mut topics.events[10], &mut topics.outcomes[10]] {
        super::log::of_mut(seen).value.as_mut().unwrap().push(b' ');
    }
    let verdict = log.audit();
    assert!(verdict.holds(), "{:#?}", verdict.kept);
}
