//! What is remembered is what was put last under that very key.

use super::*;

#[test]
fn a_key_is_remembered_with_its_value_or_its_absence() {
    let mut points = RecentPoints::default();
    assert_eq!(points.get(b"key"), None);
    points.put(b"key", Some(b"value"));
    assert_eq!(points.get(b"key").unwrap().as_deref(), Some(&b"value"[..]));
    assert_eq!(points.get(b"ke"), None);
    points.put(b"other", None);
    assert_eq!(points.get(b"other"), Some(None));
}

#[test]
fn of_many_keys_some_are_remembered_and_none_with_the_value_of_another() {
    let mut points = RecentPoints::default();
    let keys: Vec<_> = (0..20 * PLACES as u32).map(u32::to_be_bytes).collect();
    keys.iter().for_each(|key| points.put(key, Some(key)));
    let remembered = keys.iter().filter_map(|key| Some((key, points.get(key)?)));
    let mut count = 0;
    for (key, value) in remembered {
        assert_eq!(value.as_deref(), Some(&key[..]));
        count += 1;
    }
    assert!((PLACES / 2..=PLACES).contains(&count), "{count}");
}

#[test]
fn a_long_value_is_not_remembered() {
    let mut points = RecentPoints::default();
    points.put(b"key", Some(&[0; VALUE_BYTES_MAX]));
    assert!(points.get(b"key").is_some());
    points.put(b"long", Some(&[0; VALUE_BYTES_MAX + 1]));
    assert_eq!(points.get(b"long"), None);
}
