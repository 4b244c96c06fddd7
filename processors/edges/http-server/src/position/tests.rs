//! What is a position, and which of two has come further.

use super::*;

#[test]
fn a_position_prints_as_it_is_written() {
    for text in ["0:12", "0:12,1:7", "3:0,10:18446744073709551615"] {
        assert_eq!(Position::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Position::parse(" 1:7 , 0:12").unwrap().to_string(), "0:12,1:7");
}

#[test]
fn anything_else_is_no_position() {
    for text in [
        "",
        ",",
        "0",
        "0:",
        ":1",
        "0:1,",
        "0:-1",
        "+0:1",
        "0:1,0:2",
        "a:1",
        "0:1:2",
        "4294967296:1",
        "0:18446744073709551616",
    ] {
        assert_eq!(Position::parse(text), None, "{text:?}");
    }
    let endless: Vec<_> = (0..2000).map(|partition| format!("{partition}:1")).collect();
    assert_eq!(Position::parse(&endless.join(",")), None);
}

#[test]
fn a_position_has_reached_another_when_no_partition_is_behind() {
    let held = Position::parse("0:12,1:7").unwrap();
    for (least, reached) in [
        ("0:12", true),
        ("1:7,0:1", true),
        ("0:13", false),
        ("0:12,1:8", false),
        ("2:0", false),
    ] {
        assert_eq!(held.has_reached(&Position::parse(least).unwrap()), reached, "{least}");
    }
    assert_eq!(Position::parse("0:1,2:0").unwrap().unknown_partition(&held), Some(2));
    assert_eq!(Position::parse("0:99").unwrap().unknown_partition(&held), None);
}

#[test]
fn two_demands_together_are_the_greater_of_each_partition() {
    let both = Position::parse("0:12,1:7").unwrap().and(&Position::parse("1:9,2:1").unwrap());
    assert_eq!(both.to_string(), "0:12,1:9,2:1");
}
