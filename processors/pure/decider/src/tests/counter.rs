//! A domain of counters with slots, and a codec whose bytes are what debug formatting prints.

use crate::{
    COMMAND_ID_REUSED, Call, Codec, CommandEnvelope, Context, DecodeError, Domain, EventEnvelope, Outcome, Parts, Rejection,
    Representation, WriterSchema,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

#[derive(Debug)]
pub(super) struct Counter;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// Adds to a slot; the sum of all slots may not become negative.
    Add { slot: u8, amount: i64 },
    /// Adds one to a slot, in so many events.
    Burst { slot: u8, times: u32 },
    /// Adds what is known of the command to three slots: its time, the version that it meets, and its id.
    Witness,
    /// Meets a bug in this function.
    Break(Call),
    /// Is rejected by a rule that is not for a domain.
    Usurp,
}

/// A slot that is not for numbers: what is in it is the place of a function in [`CALLS`] that has a bug.
const BROKEN: u8 = 255;
/// The amount that is added to this slot is the number of bytes that the event takes.
pub(super) const HEAVY: u8 = 254;
pub(super) const CALLS: [Call; 9] = [
    Call::DecodeCommand,
    Call::EncodeMeaning,
    Call::Load,
    Call::Decide,
    Call::Evolve,
    Call::Store,
    Call::Size,
    Call::EncodeEvent,
    Call::EncodeOutcome,
];
/// The outcome of a command with this id meets a bug.
pub(super) const BROKEN_ID: u128 = 666;

pub(super) fn broken(call: Call) -> Added {
    let place = CALLS.iter().position(|other| *other == call).unwrap();
    Added {
        slot: BROKEN,
        amount: i64::try_from(place).unwrap() + 1,
    }
}

fn meets(event: &Added, call: Call) {
    assert!(*event != broken(call), "a bug in {}", call.name());
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Added {
    pub(super) slot: u8,
    pub(super) amount: i64,
}

/// Slots that are not zero.
pub(super) type State = BTreeMap<u8, i64>;

impl Domain for Counter {
    type Command = Command;
    type Event = Added;
    type State = State;
    type Representation = Self;

    fn initial(_: &str) -> State {
        State::new()
    }

    fn decide(context: &Context<'_>, state: &State, command: &Command) -> Result<Vec<Added>, Rejection> {
        match *command {
            Command::Break(call) => {
                meets(&broken(call), Call::Decide);
                Ok(vec![broken(call)])
            }
            Command::Usurp => Err(Rejection::new(COMMAND_ID_REUSED, "")),
            Command::Witness => {
                let id = i64::try_from(context.command_id.as_u128()).unwrap();
                let known = [context.decided_at_ms, i64::try_from(context.version).unwrap(), id];
                assert!(context.aggregate_id.starts_with("c/"));
                Ok((1..).zip(known).map(|(slot, amount)| Added { slot, amount }).collect())
            }
            Command::Burst { slot, times } => Ok((0..times).map(|_| Added { slot, amount: 1 }).collect()),
            Command::Add { slot, amount } if state.values().sum::<i64>() + amount >= 0 => Ok(vec![Added { slot, amount }]),
            Command::Add { amount, .. } => {
                let message = format!("{amount} is too much");
                Err(Rejection::new("below-zero", message).fact("sum", state.values().sum::<i64>()))
            }
        }
    }

    fn evolve(state: &mut State, event: &Added) {
        meets(event, Call::Evolve);
        *state.entry(event.slot).or_default() += event.amount;
        state.retain(|_, value| *value != 0);
    }
}

impl Representation<Self> for Counter {
    fn size_bytes(state: &State) -> usize {
        let amount = state.get(&BROKEN).copied().unwrap_or_default();
        meets(&Added { slot: BROKEN, amount }, Call::Size);
        state.len() * 100
    }

    fn store(after: &State, event: &Added, parts: &mut Parts<'_>) {
        meets(event, Call::Store);
        match after.get(&event.slot) {
            Some(value) => parts.put(&[event.slot], value.to_be_bytes().to_vec()),
            None => parts.delete(&[event.slot]),
        }
    }

    fn load(_: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<State, String> {
        parts
            .map(|(key, value)| match (key, <[u8; 8]>::try_from(value)) {
                ([BROKEN], Ok(value)) if i64::from_be_bytes(value) == broken(Call::Load).amount => Err("a bug in load".to_owned()),
                ([slot], Ok(value)) => Ok((*slot, i64::from_be_bytes(value))),
                _ => Err(format!("part {key:?} is {value:?}")),
            })
            .collect()
    }

    fn command_type(command: &Command) -> &'static str {
        match command {
            Command::Add { .. } => "Add",
            Command::Burst { .. } => "Burst",
            Command::Break(_) => "Break",
            Command::Witness => "Witness",
            Command::Usurp => "Usurp",
        }
    }

    fn event_type(_: &Added) -> &'static str {
        "Added"
    }
}

/// Reads back what it has written before. A command's value is `id aggregate expected-version verb slot number`, or that after
/// `schema N `, which can be read once schema N was learned.
#[derive(Default)]
pub(super) struct DebugCodec {
    events: HashMap<Vec<u8>, EventEnvelope<Added>>,
    outcomes: HashMap<Vec<u8>, Outcome>,
    learned: BTreeSet<u32>,
}

pub(super) fn command_text(id: u128, aggregate_id: &str, expected_version: Option<u64>, command: &Command) -> String {
    let expected = expected_version.map_or("-".to_owned(), |version| version.to_string());
    match command {
        Command::Add { slot, amount } => format!("{id} {aggregate_id} {expected} add {slot} {amount}"),
        Command::Burst { slot, times } => format!("{id} {aggregate_id} {expected} burst {slot} {times}"),
        Command::Break(call) => format!("{id} {aggregate_id} {expected} break 0 {}", broken(*call).amount),
        Command::Witness => format!("{id} {aggregate_id} {expected} witness 0 0"),
        Command::Usurp => format!("{id} {aggregate_id} {expected} usurp 0 0"),
    }
}

fn parse(text: &str) -> Option<CommandEnvelope<Command>> {
    let words: Vec<_> = text.split(' ').collect();
    let [id, aggregate_id, expected, verb, slot, number] = words[..] else {
        return None;
    };
    let slot = slot.parse().ok()?;
    let command = match verb {
        "add" => Command::Add {
            slot,
            amount: number.parse().ok()?,
        },
        "burst" => Command::Burst {
            slot,
            times: number.parse().ok()?,
        },
        "break" => Command::Break(CALLS[number.parse::<usize>().ok()? - 1]),
        "witness" => Command::Witness,
        "usurp" => Command::Usurp,
        _ => return None,
    };
    if let Command::Break(call) = command {
        meets(&broken(call), Call::DecodeCommand);
    }
    Some(CommandEnvelope {
        command_id: Uuid::from_u128(id.parse().ok()?),
        aggregate_id: aggregate_id.to_owned(),
        expected_version: expected.parse().ok(),
        issued_by: None,
        command,
    })
}

impl Codec<Counter> for DebugCodec {
    fn decode_command(&mut self, _: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<Command>, DecodeError> {
        let malformed = || DecodeError::Malformed("not a command".to_owned());
        let mut text = std::str::from_utf8(value).map_err(|_| malformed())?;
        if let Some((id, rest)) = text.strip_prefix("schema ").and_then(|rest| rest.split_once(' ')) {
            let id = id.parse().map_err(|_| malformed())?;
            if !self.learned.contains(&id) {
                return Err(DecodeError::UnknownSchema(id));
            }
            text = rest;
        }
        parse(text).ok_or_else(malformed)
    }

    fn encode_meaning(&mut self, command: &Command, out: &mut Vec<u8>) {
        if let Command::Break(call) = command {
            meets(&broken(*call), Call::EncodeMeaning);
        }
        out.extend_from_slice(format!("{command:?}").as_bytes());
    }

    fn learn(&mut self, schema_id: u32, _: &WriterSchema) -> Result<(), String> {
        self.learned.insert(schema_id);
        Ok(())
    }

    fn encode_event(&mut self, event: &EventEnvelope<Added>, out: &mut Vec<u8>) {
        meets(&event.event, Call::EncodeEvent);
        let mut bytes = format!("{event:?}").into_bytes();
        if event.event.slot == HEAVY {
            bytes.resize(usize::try_from(event.event.amount).unwrap(), b' ');
        }
        out.extend_from_slice(&bytes);
        self.events.insert(bytes, event.clone());
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Added>, DecodeError> {
        let found = self.events.get(value).cloned();
        found.ok_or_else(|| DecodeError::Malformed("never encoded".to_owned()))
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        assert!(outcome.command_id.as_u128() != BROKEN_ID, "a bug in encode_outcome");
        let bytes = format!("{outcome:?}").into_bytes();
        out.extend_from_slice(&bytes);
        self.outcomes.insert(bytes, outcome.clone());
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        let found = self.outcomes.get(value).cloned();
        found.ok_or_else(|| DecodeError::Malformed("never encoded".to_owned()))
    }
}
