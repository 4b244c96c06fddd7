//! `recover`: the way on after commands were lost. Without `--execute` it shows a plan and changes nothing.

use crate::{Connection, Verdict, name, say};
use anyhow::bail;
use application::Application;
use clap::Args;
use stream::Settings;
use stream::recover::{Facts, Finding, Plan, Step, execute, members, plan};
use topology::Topology;

/// Show what was lost and the way on; with --execute, put the loss on record and go on
#[derive(Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Arguments {
    /// Take the steps of the plan; no processor may run meanwhile
    #[arg(long)]
    execute: bool,
    /// The consumer group of the processors
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Who is on record as having decided this
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// With --execute: how long to wait until the group has no members
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u32,
}

const HELP: &str = "\
A processor goes on by itself wherever the log shows that nothing was lost. It stops a partition where commands were lost before they
were decided: to retention, to DeleteRecords, or with a commands topic that was deleted and created again. Then stop the processors, and
  {program} recover             shows, for each partition, where the group, the outcomes and the log stand, and what would be done
  {program} recover --execute   does it: puts each loss on record in the dead letters, then sets the offsets of all partitions at once
and start the processors again. `{program} audit` reports what is on record.

What is lost is lost already; going on cannot be taken back: commands that are not in the log any more are not decided even if they are
written again at other offsets later. Commands that are in the log are never skipped. A client may send lost commands again under their
old ids: those that had been decided are answered with their first outcome.

While the group has members its offsets cannot be set: --execute waits for them to leave, and changes nothing until then. A process that
was killed leaves when its session is over. Members cannot set offsets afterwards that are older: the group has moved on.

Exit status: 0 nothing is to be done, or all of it was done; 1 it failed, and says how far it came; 6 the plan has steps that were not
taken, or a partition for which there is none.";

pub(crate) fn run(connection: &Connection<impl Application>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let (settings, topology) = (connection.settings()?, connection.log()?);
    let group = arguments.group.clone().unwrap_or_else(|| topology.processors_group());
    if arguments.execute && !wait_for_members(&settings, &group, arguments.wait)? {
        bail!("group {group} still has members: stop its processors first. Nothing was changed");
    }
    let plan = plan(&settings, &topology, &group)?;
    show(&topology, &plan)?;
    let steps = plan.steps();
    if !steps.is_empty() && !arguments.execute {
        say(format_args!(
            "nothing was changed: this is a plan. `{} recover --execute` takes the steps, once the processors are stopped",
            name()
        ))?;
    }
    if !steps.is_empty() && arguments.execute {
        let by = arguments.by.clone().unwrap_or_else(operator);
        execute(&settings, &topology, &group, &steps, &by)?;
        show_done(&topology, &steps)?;
    }
    let is_stuck = plan.findings().any(|(_, finding)| matches!(finding, Finding::Contradicted { .. }));
    let is_done = steps.is_empty() || arguments.execute;
    Ok(if is_done && !is_stuck {
        Verdict::Fine
    } else {
        Verdict::NeedsRecovery
    })
}

/// Whether the group has no members any more.
fn wait_for_members(settings: &Settings, group: &str, wait_s: u32) -> anyhow::Result<bool> {
    for left_s in (0..=wait_s).rev() {
        let members = members(settings, group)?;
        if members.is_empty() {
            return Ok(true);
        }
        say(format_args!(
            "waiting for {} members of group {group} to leave, for {left_s} s: {}",
            members.len(),
            members.join(", ")
        ))?;
        std::thread::park_timeout(std::time::Duration::from_secs(1));
    }
    Ok(false)
}

fn show(topology: &Topology, plan: &Plan) -> std::io::Result<()> {
    let commands = &topology.topics.commands.name;
    say(format_args!("group {}, topic {commands} with the id {}", plan.group, plan.topic_id))?;
    for (facts, finding) in plan.findings() {
        show_finding(commands, &plan.topic_id, facts, &finding)?;
    }
    Ok(())
}

fn show_finding(commands: &str, topic_id: &str, facts: &Facts, finding: &Finding) -> std::io::Result<()> {
    let partition = facts.partition;
    match finding {
        Finding::GoesOn { next, why } => return say(format_args!("partition {partition}: nothing to do, goes on at {next} by {why}")),
        Finding::Lost { from, to } => say(format_args!(
            "partition {partition}: {} commands are LOST: {from} to {to} are gone from {commands} and were never decided",
            to - from
        ))?,
        Finding::Recreated { former, low } => {
            say(format_args!(
                "partition {partition}: {commands} was deleted and created again. What the topic with the id {} held from offset {} on is LOST",
                former.topic_id,
                former.next()
            ))?;
            if *low > 0 {
                say(format_args!(
                    "    and so are the commands before {low} of the topic that is there now, which are gone already"
                ))?;
            }
        }
        Finding::OffsetBehind { committed, last } => say(format_args!(
            "partition {partition}: the group's offset is {committed}, though the commands before {} have outcomes; nothing is lost",
            last.next()
        ))?,
        Finding::Contradicted { next, what } => say(format_args!(
            "partition {partition}: the commands before {next} were decided, but {what}: the log of the commands is another one than it was. \
             No step is safe here. If an older copy of {commands} was restored, restore the newer one"
        ))?,
    }
    show_facts(facts)?;
    match finding {
        Finding::GoesOn { .. } | Finding::Contradicted { .. } => Ok(()),
        Finding::Lost { to, .. } | Finding::Recreated { low: to, .. } => say(format_args!(
            "    step: put the loss on record in the dead letters, set the group's offset to {to} of the topic with the id {topic_id}. Every \
             command that the log has is decided. This cannot be taken back"
        )),
        Finding::OffsetBehind { last, .. } => say(format_args!(
            "    step: set the group's offset to {}, where outcomes say that it was",
            last.next()
        )),
    }
}

fn show_facts(facts: &Facts) -> std::io::Result<()> {
    let group = match &facts.group {
        None => "none: it has expired or was deleted, or nothing was decided yet".to_owned(),
        Some(group) if group.owner.is_empty() => format!("{}, set by a tool", group.offset),
        Some(group) => {
            let last = group.last.as_ref().map(|last| format!(", after {last}")).unwrap_or_default();
            format!("{}, signed by {}{last}", group.offset, group.owner)
        }
    };
    say(format_args!("    group's offset: {group}"))?;
    for (what, last, marks) in [
        ("outcomes", &facts.last_outcome, facts.outcomes),
        ("events", &facts.last_event, facts.events),
    ] {
        let last = last
            .as_ref()
            .map_or_else(|| "no command".to_owned(), |last| format!("command {last}"));
        say(format_args!(
            "    {what}: offsets {} to {}, the last answers {last}",
            marks.low, marks.high
        ))?;
    }
    let commands = facts.commands;
    say(format_args!("    commands: offsets {} to {}", commands.low, commands.high))
}

fn show_done(topology: &Topology, steps: &[Step]) -> std::io::Result<()> {
    for step in steps {
        for loss in &step.losses {
            let to = loss.to.map_or_else(|| "its unknown end".to_owned(), |to| to.to_string());
            say(format_args!(
                "partition {}: on record as lost: commands {} to {to} of the topic with the id {}",
                step.partition, loss.from, loss.topic_id
            ))?;
        }
        say(format_args!("partition {}: the group's offset is {}", step.partition, step.offset))?;
    }
    say(format_args!(
        "done: {} partitions of {}. Start the processors; `{} audit` reports what is on record",
        steps.len(),
        topology.topics.commands.name,
        name()
    ))
}

/// As far as the environment tells.
fn operator() -> String {
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let (name, host) = (name.unwrap_or_default(), host.trim());
    match (name.is_empty(), host.is_empty()) {
        (true, true) => "unknown".to_owned(),
        (true, false) => host.to_owned(),
        (false, true) => name,
        (false, false) => format!("{name}@{host}"),
    }
}
