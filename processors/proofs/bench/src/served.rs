//! A schedule that is decided, and a materializer that has all of it.

use crate::Plan;
use crate::backlog::Planned;
use crate::drain::settled;
use crate::process::Process;
use crate::report::Report;
use tempfile::TempDir;

/// The materializer's state goes with it.
pub(crate) struct Served {
    pub(crate) materializer: Process,
    state: TempDir,
}

impl Served {
    pub(crate) fn start(plan: &Plan, report: &Report, name: &str, commands: &[Planned]) -> anyhow::Result<Self> {
        report.doing("deciding the schedule that is asked about");
        let schedule = settled(plan, name, commands)?;
        let state = tempfile::tempdir_in(plan.work.path())?;
        let mut materializer = Process::materializer(plan, &schedule, state.path())?;
        materializer.wait_until_ready()?;
        Ok(Self { materializer, state })
    }

    /// Stops the materializer, and returns where its state still is.
    pub(crate) fn stop(self) -> anyhow::Result<TempDir> {
        self.materializer.stop()?;
        Ok(self.state)
    }
}
