//! One minimum ground time for many airports.

use super::{Ids, Plan, PlannedCommand, airports};
use clap::Args;
use domain::{AggregateId, AirportCode, Command, airport};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    minutes: u32,
    /// A CSV file of legs, whose airports are meant; may be given several times
    #[arg(long, required = true, value_name = "FILE")]
    used_by: Vec<PathBuf>,
}

impl Arguments {
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        let mut plan = Plan::default();
        for (code, place) in airports::used_by(&self.used_by)? {
            plan.lines += 1;
            match AirportCode::parse(&code) {
                Ok(code) => {
                    let command = airport::Command::SetMinimumGroundTime {
                        aircraft_type: None,
                        minutes: self.minutes,
                    };
                    plan.asks.push(PlannedCommand {
                        id: AggregateId::Airport(code),
                        command: Command::Airport(command),
                        ids: Ids::Fresh,
                        lines: Vec::new(),
                    });
                }
                Err(invalid) => {
                    eprintln!("{place}: {invalid}");
                    plan.unknown += 1;
                }
            }
        }
        Ok(plan)
    }
}
