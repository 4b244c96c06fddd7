//! Two views of one log agree, follow it live, and come back from nothing.

use end_to_end::{History, Program, Schedule, eventually, load};

#[test]
fn two_views_agree_at_the_same_position_and_a_deleted_one_comes_back() {
    let schedule = Schedule::new("views", 3);
    let folder = tempfile::tempdir().unwrap();
    let mut processor = Program::processor(&schedule, &folder.path().join("processor"), "one");
    processor.wait_until_ready();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let mut first = Program::materializer(&schedule, &one);
    first.wait_until_ready();
    let commands = load(0, 30, 30);
    schedule.send(&commands[..400]);
    // The second begins in the middle of the load, and the first dies in it.
    let mut second = Program::materializer(&schedule, &two);
    schedule.send(&commands[400..]);
    first.kill();
    let mut first = Program::materializer(&schedule, &one);
    let history = History::wait_for(&schedule, commands.len());
    let last: Vec<String> = history
        .events
        .iter()
        .map(|(partition, events)| format!("{partition}:{}", events.last().map_or(0, |event| event.sequence)))
        .collect();
    let position = last.join(",");
    first.wait_until_ready();
    second.wait_until_ready();
    let state = |program: &Program| program.ask(&format!("/position?content_hash=true&at_least={position}"));
    let (left, right) = (state(&first), state(&second));
    assert_eq!(left["position"], right["position"]);
    assert!(left["content_hash"].is_string(), "{left}");
    assert_eq!(left["content_hash"], right["content_hash"]);

    assert!(first.stop().success());
    std::fs::remove_dir_all(&one).unwrap();
    let mut first = Program::materializer(&schedule, &one);
    first.wait_until_ready();
    assert_eq!(state(&first)["content_hash"], right["content_hash"]);
    let check = first.ask("/checks/overlap?recompute=true");
    assert_eq!(check["total"], 0, "{check}");
    eventually("every rotation is there", || {
        second.ask("/rotations?limit=1000")["rotations"]
            .as_array()
            .is_some_and(|list| list.len() == 30)
    });
}
