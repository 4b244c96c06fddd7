//! Reading /proc.

use super::{cpu_seconds, status_number};

#[test]
fn cpu_time_is_found_behind_a_name_with_spaces_and_parentheses() {
    let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 1234 1 1";
    assert_eq!(cpu_seconds(stat), Some(3.0));
}

#[test]
fn a_text_that_is_no_stat_gives_no_cpu_time() {
    assert_eq!(cpu_seconds(""), None);
    assert_eq!(cpu_seconds("1 (x) S 1"), None);
}

#[test]
fn a_status_line_is_found_by_its_label() {
    let status = "Name:\tx\nVmHWM:\t    200 kB\nVmRSS:\t    100 kB\nThreads:\t7\n";
    assert_eq!(status_number(status, "VmRSS:"), Some(100));
    assert_eq!(status_number(status, "Threads:"), Some(7));
    assert_eq!(status_number(status, "VmSwap:"), None);
}
