//! Files imported, and imported again.

use crate::command_line::fixture::{Run, run};
use end_to_end::{History, Program, Schedule};
use std::path::Path;

fn import(schedule: &Schedule, arguments: &[&str]) -> Run {
    run(schedule.name(), schedule.partitions(), &[&["import"], arguments].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const AIRPORTS: &str = "iata,name,tz\nHNL,Honolulu,Pacific/Honolulu\nKOA,Kona,Pacific/Honolulu\nXXX,Nowhere,Mars/Olympus\n";
const LEGS: &str = "\
tail,designator,local_date,origin,dest,std_utc,sta_utc
N1AB,HA108,2008-01-01,HNL,KOA,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA107,2008-01-01,YYY,HNL,2008-01-01T16:28Z,2008-01-01T17:08Z

N1AB,HA109,2008-01-01,KOA,HNL,2008-02-31T16:28Z,2008-01-01T17:08Z
N1AB,HA110,2008-01-01,KOA,HNL,2008-01-01T16:28Z,2008-01-01T17:08Z
N2CD,HA108,2008-01-02,HNL,KOA,2008-01-02T15:15Z,2008-01-02T15:58Z
";

#[test]
fn bad_lines_are_reported_the_rest_is_imported_and_nothing_is_imported_twice() {
    let schedule = Schedule::new("line-import", 2);
    let folder = tempfile::tempdir().unwrap();
    let (airports, legs) = (folder.path().join("airports.csv"), folder.path().join("legs.csv"));
    std::fs::write(&airports, AIRPORTS).unwrap();
    std::fs::write(&legs, LEGS).unwrap();
    let mut processor = Program::processor(&schedule, &folder.path().join("state"), "one");
    processor.wait_until_ready();

    let first = import(&schedule, &["airports", text(&airports)]);
    assert_eq!(first.status, 3, "{first:?}");
    assert!(first.err.contains("line 4: ") && first.err.contains("Mars/Olympus"), "{first:?}");
    assert!(first.out.contains("3 lines, 1 left out; 2 commands: 2 accepted"), "{first:?}");

    let line = ["legs", text(&legs), "--name", "T", "--airports", text(&airports)];
    let first = import(&schedule, &line);
    assert_eq!(first.status, 3, "{first:?}");
    assert!(first.err.contains("line 3: unknown airport code \"YYY\""), "{first:?}");
    assert!(first.err.contains("line 5: ") && first.err.contains("2008-02-31"), "{first:?}");
    assert!(
        first.out.contains("5 lines, 2 left out; 6 commands: 6 accepted, 0 rejected"),
        "{first:?}"
    );
    assert!(first.out.lines().any(|line| line.starts_with("position ")), "{first:?}");
    let events: usize = History::read(&schedule).events.values().map(Vec::len).sum();
    assert_eq!(events, 2 + 2 + 2 + 3, "airports, rotations, airplanes assigned, legs");

    let again = import(&schedule, &line);
    assert!(
        again
            .out
            .contains("0 accepted, 0 rejected, 2 were so already, 4 had been imported before"),
        "{again:?}"
    );
    let after: usize = History::read(&schedule).events.values().map(Vec::len).sum();
    assert_eq!(after, events);
}

#[test]
fn a_line_that_was_corrected_added_or_removed_from_the_schedule_is_reported_and_costs_no_other() {
    let schedule = Schedule::new("line-again", 2);
    let folder = tempfile::tempdir().unwrap();
    let legs = folder.path().join("legs.csv");
    let good = "\
tail,designator,origin,dest,std_utc,sta_utc
N1AB,HA108,HNL,KOA,2008-01-01T15:15Z,2008-01-01T15:58Z
N1AB,HA110,KOA,HNL,2008-01-01T16:28Z,2008-01-01T17:08Z
N1AB,HA112,HNL,KOA,2008-01-01T18:15Z,2008-01-01T18:58Z
";
    std::fs::write(&legs, good).unwrap();
    let mut processor = Program::processor(&schedule, &folder.path().join("state"), "one");
    processor.wait_until_ready();
    let line = ["legs", text(&legs), "--name", "T"];
    let first = import(&schedule, &line);
    assert_eq!(first.status, 0, "{first:?}");
    let again = import(&schedule, &line);
    assert!(again.status == 0 && again.out.contains("nothing has changed"), "{again:?}");

    let added = "N1AB,HA114,KOA,HNL,2008-01-01T20:28Z,2008-01-01T21:08Z\n";
    std::fs::write(&legs, good.replace("16:28Z,2008-01-01T17:08Z", "16:28Z,2008-01-01T17:30Z") + added).unwrap();
    let corrected = import(&schedule, &line);
    assert_eq!(corrected.status, 3, "{corrected:?}");
    assert!(corrected.err.contains("line 3: leg HA110-KOA-2008-01-01T16:28Z"), "{corrected:?}");
    assert!(corrected.err.contains("with arrival 2008-01-01T17:08:00.000Z"), "{corrected:?}");
    assert!(corrected.out.contains("1 accepted, 1 rejected"), "{corrected:?}");

    let remove = ["send", "remove-legs", "T-N1AB", "HA108-HNL-2008-01-01T15:15Z"];
    assert_eq!(run(schedule.name(), schedule.partitions(), &remove).status, 0);
    std::fs::write(&legs, good).unwrap();
    let removed = import(&schedule, &line);
    assert!(removed.status == 3 && removed.err.contains("line 2: leg HA108"), "{removed:?}");
    assert!(removed.err.contains("was removed"), "{removed:?}");
}

#[test]
fn a_file_that_cannot_be_read_or_lacks_a_column_is_refused_before_anything_is_sent() {
    let schedule = Schedule::new("line-unreadable", 1);
    let folder = tempfile::tempdir().unwrap();
    let missing = import(&schedule, &["airports", text(&folder.path().join("none.csv"))]);
    assert!(missing.status == 1 && missing.err.contains("none.csv"), "{missing:?}");
    let legs = folder.path().join("legs.csv");
    std::fs::write(&legs, "tail,designator\nN1AB,HA108\n").unwrap();
    let lacking = import(&schedule, &["legs", text(&legs), "--name", "T"]);
    assert!(
        lacking.status == 1 && lacking.err.contains("does not name the column origin"),
        "{lacking:?}"
    );
}
