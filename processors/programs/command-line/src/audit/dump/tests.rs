//! What kcat has written, read back.

use super::*;

#[test]
fn every_byte_of_a_key_a_value_and_a_header_comes_back() {
    // As kcat 1.7.1 writes it: bytes above 0x7F as they are, control characters as JSON has them.
    let mut line =
        br#"{"topic":"t","partition":1,"offset":7,"tstype":"create","ts":99,"broker":1,"headers":["a","b,c=\"d\\e","n",null,"x",""#
            .to_vec();
    line.extend_from_slice(b"\xC3\xFF\"],\"key\":\"k\xFFy\",\"payload\":\"\\u0000\\n\x80 \\u001F/\"}");
    let record = record_in(&line, Topic::Commands, 1).unwrap();
    assert_eq!((record.place.offset, record.timestamp_ms), (7, 99));
    assert_eq!(record.key.as_deref(), Some(&b"k\xFFy"[..]));
    assert_eq!(record.value.as_deref(), Some(&b"\x00\n\x80 \x1F/"[..]));
    assert_eq!(record.header("a"), Some(&b"b,c=\"d\\e"[..]));
    assert_eq!(record.header("n"), None);
    assert_eq!(record.header("x"), Some(&b"\xC3\xFF"[..]));
}

#[test]
fn null_keys_and_values_stay_null() {
    let line = br#"{"partition":0,"offset":0,"ts":1,"key":null,"payload":null}"#;
    let record = record_in(line, Topic::Commands, 0).unwrap();
    assert_eq!((record.key, record.value, record.headers), (None, None, Vec::new()));
}

#[test]
fn lines_that_kcat_does_not_write_are_refused() {
    for line in [
        &b"no json"[..],
        br#"{"partition":0}"#,
        br#"{"offset":1,"ts":1,"key":5}"#,
        "{\"offset\":1,\"ts\":1,\"key\":\"\\u0100\"}".as_bytes(),
    ] {
        assert!(record_in(line, Topic::Commands, 0).is_err(), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn a_file_is_split_by_partition_and_what_only_uncommitted_readers_see_was_aborted() {
    let folder = tempfile::tempdir().unwrap();
    let line = |partition: u32, offset: i64| {
        format!("{{\"partition\":{partition},\"offset\":{offset},\"ts\":1,\"key\":\"k\",\"payload\":\"v\"}}\n")
    };
    let (input, scratch) = (folder.path().join("in"), folder.path().join("scratch"));
    std::fs::create_dir_all(&input).unwrap();
    std::fs::create_dir_all(&scratch).unwrap();
    std::fs::write(input.join("events"), line(0, 1) + &line(1, 0) + &line(0, 4)).unwrap();
    std::fs::write(
        input.join("events.uncommitted"),
        line(1, 0) + &line(0, 1) + &line(0, 2) + &line(0, 4),
    )
    .unwrap();
    let mut notes = Vec::new();
    let split = Split::of(&input, "events", Topic::Events, &scratch, &mut notes).unwrap();
    let seen: Vec<_> = split.read(0).unwrap().map(Result::unwrap).collect();
    let places: Vec<_> = seen
        .iter()
        .map(|seen| match seen {
            Seen::Committed(record) => (true, record.place.offset),
            Seen::Aborted(record) => (false, record.place.offset),
        })
        .collect();
    assert_eq!(places, [(true, 1), (false, 2), (true, 4)]);
    assert_eq!(split.read(1).unwrap().count(), 1);
    assert_eq!(split.read(2).unwrap().count(), 0);
    assert!(notes.is_empty(), "{notes:?}");

    std::fs::remove_file(input.join("events.uncommitted")).unwrap();
    let split = Split::of(&input, "events", Topic::Events, &scratch, &mut notes).unwrap();
    assert_eq!(split.read(0).unwrap().count(), 2);
    assert!(notes[0].contains("events.uncommitted"), "{notes:?}");
}

#[test]
fn offsets_are_read_from_what_kafka_prints() {
    let text = "\nConsumer group 'g' has no active members.\n\n\
        GROUP  TOPIC  PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER-ID  HOST  CLIENT-ID\n\
        g      t      1          5               9               4    -            -     -\n\
        g      t      0          -               9               -    -            -     -\n\
        g      other  0          3               9               6    -            -     -\n";
    assert_eq!(offsets_in(text, "t").unwrap(), BTreeMap::from([(1, 5)]));
    assert!(offsets_in("", "t").is_err());
}
