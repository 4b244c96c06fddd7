//! The bank: few accounts and many customers; its view holds the balance of each account and the sum of all.

use super::{Command, EventOf, Scenario};
use crate::chance::Chance;
use bank_example as bank;
use decider::CommandEnvelope;
use keyvalue::{Mutation, Read};
use uuid::Uuid;

pub struct Bank;

const ACCOUNTS: u64 = 12;
/// Every account's key begins so; the sum of all has a key of its own.
const BALANCE: &[u8] = b"balance/";
const SUM: &[u8] = b"sum";

impl Scenario for Bank {
    type Domain = bank::Bank;
    type Codec = bank::Codec;
    type Projector = ();

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

    fn projector() {}

    fn project((): &mut (), partition: u32, event: &EventOf<Self>, read: &impl Read) -> Result<Vec<Mutation>, String> {
        let amount = match event.event {
            bank::Event::Opened { .. } | bank::Event::Closed {} => 0,
            bank::Event::Deposited { cents } => i128::from(cents),
            bank::Event::Withdrawn { cents } => -i128::from(cents),
        };
        let mut account = BALANCE.to_vec();
        account.extend_from_slice(event.aggregate_id.as_bytes());
        let balance = number(&account, read)? + amount;
        if balance < 0 {
            return Err(format!(
                "{} went below zero at event {} of {partition}",
                event.aggregate_id, event.sequence
            ));
        }
        let sum = number(SUM, read)? + amount;
        let put = |key: &[u8], value: i128| Mutation::Put {
            key: key.to_vec(),
            value: value.to_be_bytes().to_vec(),
        };
        Ok(vec![put(&account, balance), put(SUM, sum)])
    }
}

fn number(key: &[u8], read: &impl Read) -> Result<i128, String> {
    match read.get(key, |value| value.try_into().ok().map(i128::from_be_bytes)) {
        Ok(None) => Ok(0),
        Ok(Some(Some(number))) => Ok(number),
        Ok(Some(None)) => Err("a number cannot be read".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
