//! A bank with bugs: for a few commands one of the domain's functions panics or fails. Its partition stops there; everything else goes on.

use application::View;
use bank_example::{Account, Accounts, Bank, Command as BankCommand, Event};
use decider::{Codec, CommandEnvelope, Context, DecodeError, Domain, EventEnvelope, Outcome, Parts, Rejection, Representation};
use json_codec::{Json, JsonCodec};
use keyvalue::{Mutation, Read};
use test_kit::Chance;
use test_kit::simulation::{Command, EventOf, Scenario};
use uuid::Uuid;

/// Commands of the bank, some of which meet a bug.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faulty;

/// The bank as it decides otherwise.
pub struct FaultyBank;

/// No other command deposits that much.
const IN_DECIDE: u64 = 1_000_001;
const IN_EVOLVE: u64 = 1_000_002;
const IN_STORE: u64 = 1_000_003;
const IN_ENCODING: u64 = 1_000_004;
/// Is accepted without an event.
const NOTHING: u64 = 1_000_005;
/// Holders of accounts that cannot be weighed, or not be loaded.
const HEAVY: &str = "Heavy";
const UNLOADABLE: &str = "Unloadable";
/// Commands that meet a bug, of a thousand, and those that change nothing.
const BUGS_PER_MILLE: u64 = 6;
const NOTHING_PER_MILLE: u64 = 20;

fn meets(event: &Event, bug: u64) {
    assert!(*event != Event::Deposited { cents: bug }, "a planted bug");
}

impl Domain for FaultyBank {
    type Command = BankCommand;
    type Event = Event;
    type State = Account;
    type Representation = Self;

    fn initial(aggregate_id: &str) -> Account {
        Bank::initial(aggregate_id)
    }

    fn decide(context: &Context<'_>, account: &Account, command: &BankCommand) -> Result<Vec<Event>, Rejection> {
        assert!(*command != BankCommand::Deposit { cents: IN_DECIDE }, "a planted bug");
        if *command == (BankCommand::Deposit { cents: NOTHING }) {
            return Ok(Vec::new());
        }
        Bank::decide(context, account, command)
    }

    fn evolve(account: &mut Account, event: &Event) {
        meets(event, IN_EVOLVE);
        Bank::evolve(account, event);
    }
}

impl Representation<Self> for FaultyBank {
    fn size_bytes(account: &Account) -> usize {
        assert!(!is_held_by(account, HEAVY), "a planted bug");
        <Json as Representation<Self>>::size_bytes(account)
    }

    fn store(after: &Account, event: &Event, parts: &mut Parts<'_>) {
        meets(event, IN_STORE);
        <Json as Representation<Self>>::store(after, event, parts);
    }

    fn load(aggregate_id: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<Account, String> {
        let account: Account = <Json as Representation<Self>>::load(aggregate_id, parts)?;
        if is_held_by(&account, UNLOADABLE) {
            return Err("a planted bug".to_owned());
        }
        Ok(account)
    }

    fn command_type(command: &BankCommand) -> &'static str {
        <Json as Representation<Self>>::command_type(command)
    }

    fn event_type(event: &Event) -> &'static str {
        <Json as Representation<Self>>::event_type(event)
    }
}

fn is_held_by(account: &Account, name: &str) -> bool {
    matches!(account, Account::Open { holder, .. } if holder == name)
}

/// The bank's codec, with a bug.
#[derive(Default)]
pub struct FaultyCodec(JsonCodec<FaultyBank>);

impl Codec<FaultyBank> for FaultyCodec {
    fn decode_command(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Result<CommandEnvelope<BankCommand>, DecodeError> {
        self.0.decode_command(content_type, value)
    }

    fn encode_meaning(&mut self, command: &BankCommand, out: &mut Vec<u8>) {
        self.0.encode_meaning(command, out);
    }

    fn learn(&mut self, schema_id: u32, schema: &decider::WriterSchema) -> Result<(), String> {
        self.0.learn(schema_id, schema)
    }

    fn encode_event(&mut self, event: &EventEnvelope<Event>, out: &mut Vec<u8>) {
        meets(&event.event, IN_ENCODING);
        self.0.encode_event(event, out);
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<Event>, DecodeError> {
        self.0.decode_event(value)
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        self.0.encode_outcome(outcome, out);
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        self.0.decode_outcome(value)
    }
}

impl Scenario for Faulty {
    type Domain = FaultyBank;
    type Codec = FaultyCodec;
    type Projector = Accounts;

    fn codec() -> FaultyCodec {
        FaultyCodec::default()
    }

    fn command(&mut self, command_id: Uuid, expected_version: Option<u64>, chance: &mut Chance) -> Command {
        let (any_id, any_command) = bank_example::any_command(|end| chance.below(end));
        let deposit = |cents| BankCommand::Deposit { cents };
        let open = |holder: &str| BankCommand::Open { holder: holder.to_owned() };
        let (command, aggregate_id) = if chance.hits(BUGS_PER_MILLE) {
            match chance.below(6) {
                0 => (deposit(IN_DECIDE), any_id),
                1 => (deposit(IN_EVOLVE), any_id),
                2 => (deposit(IN_STORE), any_id),
                3 => (deposit(IN_ENCODING), any_id),
                // Accounts that are not open yet.
                4 => (open(HEAVY), format!("account/new-{}", chance.below(1000))),
                _ => (open(UNLOADABLE), format!("account/odd-{}", chance.below(5))),
            }
        } else if chance.hits(NOTHING_PER_MILLE) {
            (deposit(NOTHING), any_id)
        } else if chance.hits(NOTHING_PER_MILLE) {
            (deposit(1), format!("account/odd-{}", chance.below(5)))
        } else {
            (any_command, any_id)
        };
        let envelope = CommandEnvelope {
            command_id,
            aggregate_id: aggregate_id.clone(),
            expected_version,
            issued_by: None,
            command,
        };
        Command {
            aggregate_id,
            value: JsonCodec::<FaultyBank>::command(&envelope),
            content_type: None,
        }
    }

    fn projector() -> Accounts {
        Accounts
    }

    fn project(view: &mut Accounts, partition: u32, event: &EventOf<Self>, read: &impl Read) -> Result<Vec<Mutation>, String> {
        view.project(partition, event, read).map_err(|error| error.to_string())
    }
}
