//! The registry that a process starts with.

use super::{registry, render};

#[test]
fn a_new_registry_tells_which_program_it_is_of_and_what_the_process_uses() {
    let registry = registry("example", "1.2.3").unwrap();
    let text = render(&registry).unwrap();
    assert!(
        text.contains("aerolog_build_info{program=\"example\",version=\"1.2.3\"} 1"),
        "{text}"
    );
    let resident = text
        .lines()
        .find_map(|line| line.strip_prefix("process_resident_memory_bytes "))
        .unwrap();
    assert!(resident.parse::<u64>().unwrap() > 1 << 20, "{text}");
    for name in [
        "cpu_seconds_total",
        "resident_memory_max_bytes",
        "virtual_memory_bytes",
        "threads",
        "open_fds",
        "max_fds",
        "start_time_seconds",
    ] {
        assert!(text.contains(&format!("\nprocess_{name} ")), "{name} in {text}");
    }
}

#[test]
fn cpu_time_is_counted_in_parts_of_a_second_and_never_goes_back() {
    let registry = registry("example", "1").unwrap();
    let seconds = || {
        let text = render(&registry).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("process_cpu_seconds_total "));
        line.unwrap().parse::<f64>().unwrap()
    };
    let before = seconds();
    let mut after = before;
    let mut sum = 0_u64;
    while after - before < 0.05 {
        sum = (0..1_000_000_u64).fold(sum, |sum, each| std::hint::black_box(sum ^ each));
        after = seconds();
        assert!(after >= before);
    }
    assert!(after - before < 1.0, "{before} to {after} in one step (sum {sum})");
}
