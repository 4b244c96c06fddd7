//! A small disk in memory, that can be filled.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk in memory, for as long as it lives.
pub(super) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// # Panics
    /// When this user may not mount.
    pub(super) fn mount(at: &Path, mebibytes: u32) -> Self {
        std::fs::create_dir_all(at).unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"], at);
        Self(at.to_owned())
    }

    pub(super) fn grow(&self, mebibytes: u32) {
        mount(&["-o", &format!("remount,size={mebibytes}m")], &self.0);
    }

    /// Fills it to the last byte.
    pub(super) fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    }

    pub(super) fn make_space(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

fn mount(arguments: &[&str], at: &Path) {
    let mounted = Command::new("mount").args(arguments).arg(at).output().unwrap();
    let said = String::from_utf8_lossy(&mounted.stderr);
    assert!(mounted.status.success(), "a small disk can only be mounted by root: {said}");
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: somebody may still have it open when a row fails.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
