//! The bank: few accounts and many customers, and its view.

use super::{Command, EventOf, Scenario};
use crate::chance::Chance;
use application::View;
use bank_example as bank;
use decider::CommandEnvelope;
use keyvalue::{Mutation, Read};
use uuid::Uuid;

pub struct Bank;

const ACCOUNTS: u64 = 12;

impl Scenario for Bank {
    type Domain = bank::Bank;
    type Codec = bank::Codec;
    type Projector = bank::Accounts;

    fn new() -> Self {
        Self
    }

    fn codec() -> bank::Codec {
        bank::Codec::default()
    }

    fn command(&mut self, command_id: Uuid, expected_version: Option<u64>, chance: &mut Chance) -> Command {
        let cents = chance.below(100);
        let command = match chance.below(20) {
            0..3 => bank::Command::Open { holder: "Ada".to_owned() },
            3..12 => bank::Command::Deposit { cents },
            12..19 => bank::Command::Withdraw { cents },
            _ => bank::Command::Close {},
        };
        let aggregate_id = format!("account/{}", chance.below(ACCOUNTS));
        let envelope = CommandEnvelope {
            command_id,
            aggregate_id: aggregate_id.clone(),
            expected_version,
            issued_by: None,
            command,
        };
        Command {
            aggregate_id,
            value: bank::Codec::command(&envelope),
            content_type: None,
        }
    }

    fn projector() -> bank::Accounts {
        bank::Accounts
    }

    fn project(view: &mut bank::Accounts, partition: u32, event: &EventOf<Self>, read: &impl Read) -> Result<Vec<Mutation>, String> {
        view.project(partition, event, read).map_err(|error| error.to_string())
    }
}
