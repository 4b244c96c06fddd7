//! What a scenario stands on: a broker, a registry, and a folder that is kept if the scenario fails.

use crate::Services;
use end_to_end::Cluster;
use service::clock;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The ground of one scenario.
pub struct Ground {
    cluster: Cluster,
    folder: PathBuf,
    seed: u64,
}

impl Ground {
    /// On the services that the environment names; everything that the scenario leaves lies in `folder`.
    pub fn new(folder: &Path, seed: u64) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        Self {
            cluster: Cluster::of_environment(),
            folder: folder.to_owned(),
            seed,
        }
    }

    /// The same ground with other brokers.
    #[must_use]
    pub fn on(&self, cluster: Cluster) -> Self {
        Self {
            cluster,
            folder: self.folder.clone(),
            seed: self.seed,
        }
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The services of this run, to be stopped and started.
    ///
    /// # Panics
    /// When the broker is not ours.
    pub fn services(&self) -> Services {
        Services::of_environment()
    }

    /// Tells what was seen, indented under the scenario's name.
    pub fn tell(&self, what: &str) {
        println!("    {what}");
    }
}

/// Runs a scenario; what it leaves is deleted if it passes, and kept and named if it fails. Returns how long it took, or why it failed.
pub fn run(name: &str, scenario: &dyn Fn(&Ground), folder: &Path, seed: u64) -> Result<Duration, String> {
    let began = clock::monotonic();
    println!("{name}");
    let folder = folder.join(name);
    let ground = Ground::new(&folder, seed);
    match catch_unwind(AssertUnwindSafe(|| scenario(&ground))) {
        Ok(()) => {
            let took = began.elapsed();
            println!("    passed in {:.1} s", took.as_secs_f64());
            if let Err(error) = std::fs::remove_dir_all(&folder) {
                println!("    {} could not be deleted: {error}", folder.display());
            }
            Ok(took)
        }
        Err(panic) => {
            // The next scenario needs the broker that this one may have left suspended or dead.
            Services::of_environment().heal();
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let reason = said
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("it panicked")
                .to_owned();
            println!("    FAILED: {reason}");
            println!("    its logs and state directories are kept in {}", folder.display());
            Err(reason)
        }
    }
}
