//! `audit`: reads the topics and checks by itself that what the command processors promise was kept.

mod dump;
mod hanging;
mod live;
mod report;
mod source;
mod states;
mod views;

use crate::{Connection, Verdict, foreign};
use anyhow::Context;
use application::{Application, SchemaIds};
use auditor::{Auditor, Options};
use clap::Args;
use decider::Limits;
use report::Progress;
use std::path::PathBuf;
use store::{Sizing, Store};
use stream::inspect::Inspector;
use topology::Topology;

/// Check that no command was lost or decided twice, and that events, outcomes and offsets fit together
#[derive(Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// Every command should have been answered by now: one without an answer is lost
    #[arg(long)]
    drained: bool,
    /// Fail if fewer commands were seen: an empty log proves nothing
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    expect_commands: u64,
    /// Violations and the summary as lines of JSON
    #[arg(long)]
    json: bool,
    /// Read files that kcat has written instead of the cluster (see below)
    #[arg(long, value_name = "DIRECTORY")]
    dump: Option<PathBuf>,
    /// The consumer group of the processors
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Materializers whose views are compared with one that is built here from the log
    #[arg(long, value_name = "URL", num_args = 1.., conflicts_with = "dump")]
    views: Vec<String>,
    /// State directories of command processors that have stopped, compared with ones that are built here from the log
    #[arg(long, value_name = "DIRECTORY", num_args = 1.., conflicts_with = "dump")]
    state: Vec<PathBuf>,
}

const HELP: &str = "\
What is checked, each with its number:
  I1   no command is lost: whatever is before the committed offset has an outcome, a dead letter, or was forwarded and came there
  I2   no command is decided twice: each command id of an aggregate has one outcome, every further one repeats it and says so,
       and another command under that id is refused
  I3   versions of an aggregate and sequences of a partition are 1, 2, 3 … in offset order, and all of an aggregate is in its partition
  I4   nothing aborted is built upon: no number is missing that only an aborted event has, no outcome answers for aborted events
  I5   an outcome has as many events as it says, with its command id and numbers, or the log has neither
  I6   committed offsets never go back, and fit the outcomes
  I7   deciding all commands again gives the same events, outcomes and dead letters
  I8   (--state) a processor's state equals the one that the log makes, as far as it has come
  I9   (--views) a view equals the one that the log makes, at the view's own position
  I11  no transaction stays open: the topics and the group's offsets end where that ends which is committed
  I13  what is no command is one dead letter, and nothing else
  I14  after a new owner of a partition has written, nothing of the former one is committed

Everything is read up to where the topics end at the start; processors may run meanwhile. Memory is bounded: what must be
remembered lies in a directory under TMPDIR, which takes about as much space as the topics and is deleted at the end.

From files: --dump DIRECTORY reads what kcat has written. The registry is still needed for schemas. With T the topic prefix:
  kcat -C -b HOST:PORT -t T.metadata -o beginning -e -q -J > DIRECTORY/metadata
  for t in commands events outcomes dead-letters; do
    kcat -C -b HOST:PORT -t T.$t -o beginning -e -q -J > DIRECTORY/$t
    kcat -C -b HOST:PORT -t T.$t -o beginning -e -q -J -X isolation.level=read_uncommitted > DIRECTORY/$t.uncommitted
  done
  kafka-consumer-groups.sh --bootstrap-server HOST:PORT --describe --group T-command-processor > DIRECTORY/offsets
The file metadata says how many partitions the log was begun with; --partitions says it where that file is missing.
The .uncommitted files show what was aborted (I4); offsets shows what the group has committed (I6). Both may be left out, and the
summary says so. Write the files while no processor runs, or in this order.

Exit status: 0 everything holds; 1 it could not be read; 5 something does not hold, or fewer commands were seen than expected.";

/// What the decider may keep of aggregates in memory.
const CACHE_BYTES_MAX: usize = 64 << 20;

pub(crate) type Audit<'a, A> = Auditor<'a, A, <A as Application>::Codec, Store>;

pub(crate) fn run<A: Application>(connection: &Connection<A>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let topology = match &arguments.dump {
        None => {
            let topology = connection.log()?;
            foreign::refuse(connection, &topology)?;
            topology
        }
        Some(directory) => dump::topology(connection, directory)?,
    };
    let registry = connection.registry()?;
    let scratch = tempfile::Builder::new()
        .prefix("audit-")
        .tempdir()
        .context("no directory to work in under TMPDIR")?;
    let store = Store::open(&scratch.path().join("ledger"), Sizing::default())?;
    let limits = limits(&topology);
    let options = Options {
        partitions: topology.partitions,
        drained: arguments.drained,
        remembered_ms: topology.topics.commands.retention_ms,
    };
    let schemas = Box::new(|id| {
        let found = registry.schema(id).map_err(|error| auditor::SourceError(error.to_string()))?;
        Ok(found.into_result())
    });
    let mut audit = Audit::<A>::new(A::codec(SchemaIds::UNKNOWN), schemas, store, limits, options);
    let mut progress = Progress::new();
    let mut notes = match &arguments.dump {
        Some(directory) => dump::read(connection, directory, &topology, scratch.path(), &mut audit, &mut progress)?,
        None => {
            let group = arguments.group.clone().unwrap_or_else(|| topology.processors_group());
            let commands = &topology.topics.commands.name;
            let topic_id = Inspector::new(&connection.settings()?)?.topic_id(commands)?;
            let topic_id = topic_id.with_context(|| format!("there is no topic {commands}"))?;
            audit = audit.of_commands_topic(topic_id.clone());
            live::read(connection, &group, &topology, &mut audit, &topic_id, &mut progress)?
        }
    };
    states::compare(connection, arguments, &topology, scratch.path(), &mut audit)?;
    views::compare(connection, arguments, &topology, scratch.path(), &mut audit)?;
    progress.end();
    let verdict = audit.finish()?;
    notes.extend(verdict.losses.iter().map(report::loss));
    if verdict.counts.outcomes > 0 && verdict.counts.sessions == 0 {
        notes.push("no outcome names the session of its owner: owners were told apart by committed offsets alone (I14)".to_owned());
    }
    report::show(arguments, &topology, &verdict, &notes)
}

/// An audit of all topics, as the subcommand does it.
pub(crate) fn check<A: Application>(connection: &Connection<A>, drained: bool) -> anyhow::Result<Verdict> {
    let arguments = Arguments {
        drained,
        expect_commands: 0,
        json: false,
        dump: None,
        group: None,
        views: Vec::new(),
        state: Vec::new(),
    };
    run(connection, &arguments)
}

/// As a processor has them.
fn limits(topology: &Topology) -> Limits {
    Limits {
        partitions: topology.partitions,
        command_bytes_max: stream::processor::COMMAND_BYTES_MAX,
        batch_bytes_max: stream::processor::BATCH_BYTES_MAX,
        cache_bytes_max: CACHE_BYTES_MAX,
        remembered_ms: topology.topics.commands.retention_ms,
    }
}
