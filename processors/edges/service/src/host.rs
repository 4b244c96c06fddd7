//! What this process is called from outside.

use std::fs;

/// Returns what the operating system calls this machine; a pod is called by its name. `None` where it has no name.
pub fn host_name() -> Option<String> {
    let named = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = named.unwrap_or_default().trim().to_owned();
    (!name.is_empty()).then_some(name)
}
