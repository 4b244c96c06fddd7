//! Directories that are used, and directories that are set aside.

use super::*;
use crate::ask_for_rebuild;
use keyvalue::{Mutation, Read};

const KEY: &[u8] = b"key";

/// A directory that holds one key.
fn given() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let store = Store::open_or_set_aside(&path, Sizing::default(), |_| Ok(None)).unwrap();
    let (key, value) = (KEY.to_vec(), b"value".to_vec());
    store.apply(&[Mutation::Put { key, value }]).unwrap();
    (folder, path)
}

#[track_caller]
fn check(path: &Path, unusable: Result<Option<String>, ReadError>, is_kept: bool) {
    let store = Store::open_or_set_aside(path, Sizing::default(), |_| unusable).unwrap();
    assert_eq!(store.get(KEY, |_| ()).unwrap().is_some(), is_kept);
    let aside = path.with_file_name("state.set-aside-1");
    assert_eq!(aside.exists(), !is_kept);
}

#[test]
fn a_directory_that_can_be_used_is_opened() {
    let (_folder, path) = given();
    check(&path, Ok(None), true);
}

#[test]
fn one_that_is_of_another_layout_is_set_aside() {
    let (_folder, path) = given();
    check(&path, Ok(Some("another layout".to_owned())), false);
}

#[test]
fn one_with_a_broken_block_is_set_aside() {
    let (_folder, path) = given();
    check(&path, Err(ReadError::corrupt("a broken block")), false);
}

#[test]
fn one_that_a_former_process_found_broken_is_set_aside() {
    let (_folder, path) = given();
    ask_for_rebuild(&path).unwrap();
    check(&path, Ok(None), false);
}

#[test]
fn one_that_cannot_be_read_now_is_left_as_it_is() {
    let (_folder, path) = given();
    let away = ReadError {
        fault: Fault::Medium,
        reason: "the disk is away".to_owned(),
    };
    let opened = Store::open_or_set_aside(&path, Sizing::default(), |_| Err(away));
    assert!(matches!(opened, Err(DirectoryError::Read(_))));
    check(&path, Ok(None), true);
}

#[test]
fn one_in_use_is_left_as_it_is() {
    let (_folder, path) = given();
    let _holder = Store::open(&path, Sizing::default()).unwrap();
    let opened = Store::open_or_set_aside(&path, Sizing::default(), |_| Ok(None));
    assert!(matches!(opened, Err(DirectoryError::Store(_))));
    assert!(!path.with_file_name("state.set-aside-1").exists());
}
