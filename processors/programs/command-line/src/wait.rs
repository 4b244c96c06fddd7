//! `wait`: until what a program needs is there, for what is started before it.

use crate::{Connection, Verdict, complain, say};
use anyhow::Context;
use application::Application;
use clap::{Args, ValueEnum};
use service::clock;
use std::time::Duration;
use stream::admin::Admin;

const PAUSE: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(long = "for", value_enum, default_value_t = Wanted::Setup)]
    wanted: Wanted,
    /// Give up after this many seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=86_400))]
    timeout: u64,
}

/// Each includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Wanted {
    /// Kafka answers, as `topics apply` needs it
    Brokers,
    /// The topics are there and the log is begun, as a materializer needs it
    Topics,
    /// The schema registry answers, as `schemas apply` needs it
    Registry,
    /// The latest schemas are registered, as a command processor needs it
    Setup,
}

pub(crate) fn run(connection: &Connection<impl Application>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let began = clock::monotonic();
    let mut last = String::new();
    loop {
        let Err(error) = look(connection, arguments.wanted) else {
            say("all of it is there")?;
            return Ok(Verdict::Fine);
        };
        if began.elapsed() >= Duration::from_secs(arguments.timeout) {
            return Err(error).context(format!("gave up after {} s", arguments.timeout));
        }
        let reason = format!("{error:#}");
        if reason != last {
            complain(format_args!("waiting: {reason}"));
            last = reason;
        }
        std::thread::park_timeout(PAUSE);
    }
}

fn look(connection: &Connection<impl Application>, wanted: Wanted) -> anyhow::Result<()> {
    if wanted == Wanted::Brokers {
        Admin::new(&connection.settings()?)?.live(&connection.topology()?)?;
        return Ok(());
    }
    connection.open_log()?;
    if wanted >= Wanted::Registry {
        // One without schemas needs no registry.
        if let Some(schemas) = connection.subjects()?.first() {
            connection.registry()?.id_of(&schemas.subject(schemas.latest))?;
        }
    }
    if wanted == Wanted::Setup {
        connection.schema_ids()?;
    }
    Ok(())
}
