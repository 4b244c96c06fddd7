//! One minimum ground time for many airports.

use super::{Plan, Problem, airports};
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
        for code in airports::used_by(&self.used_by)? {
            plan.lines += 1;
            match AirportCode::parse(&code) {
                Ok(code) => {
                    let command = airport::Command::SetMinimumGroundTime {
                        aircraft_type: None,
                        minutes: self.minutes,
                    };
                    plan.commands.push((AggregateId::Airport(code), Command::Airport(command)));
                }
                Err(invalid) => plan.problems.push(Problem {
                    line: plan.lines,
                    reason: invalid.to_string(),
                }),
            }
        }
        Ok(plan)
    }
}
