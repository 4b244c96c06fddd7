//! The vectors of Kafka's own test (org.apache.kafka.common.utils.UtilsTest#testMurmur2).

use super::*;

#[test]
fn hashes_are_those_of_the_java_client() {
    let vectors = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ];
    for (key, hash) in vectors {
        assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
    }
}

#[test]
fn every_key_has_a_partition_within_the_number_of_them() {
    for number in 0..2000 {
        let key = format!("rotation/{number}");
        assert!(partition_of(key.as_bytes(), 24) < 24);
        assert_eq!(partition_of(key.as_bytes(), 1), 0);
    }
}

/// A negative hash counts without its sign bit, as in Java.
#[test]
fn partitions_are_those_of_the_java_client() {
    for (key, of_24, of_7) in [("21", 12, 3), ("foobar", 6, 0), ("a-little-bit-long-string", 8, 1), ("abc", 3, 4)] {
        assert_eq!(partition_of(key.as_bytes(), 24), of_24, "{key}");
        assert_eq!(partition_of(key.as_bytes(), 7), of_7, "{key}");
    }
}
