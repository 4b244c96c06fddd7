//! Progress survives being stored, and names its position.

use super::*;
use keyvalue::Memory;

#[test]
fn progress_is_read_back_as_it_was_written() {
    let mut progress = Progress::start(2);
    progress.set(
        1,
        Reached {
            sequence: 7,
            next_offset: 19,
        },
    );
    let mut memory = Memory::default();
    assert_eq!(Progress::load(&memory), Ok(None));
    memory.apply(&[progress.mutation()]);
    assert_eq!(Progress::load(&memory), Ok(Some(progress.clone())));
    assert_eq!(progress.position().to_string(), "0:0,1:7");
}

#[test]
fn progress_of_an_impossible_length_is_an_error() {
    let mut memory = Memory::default();
    let Mutation::Put { key, value } = Progress::start(3).mutation() else {
        panic!("progress is put");
    };
    memory.apply(&[Mutation::Put {
        key,
        value: value[1..].to_vec(),
    }]);
    assert!(Progress::load(&memory).is_err());
}

#[test]
fn the_identity_is_absent_at_first_and_then_what_was_written() {
    let mut memory = Memory::default();
    assert_eq!(identity(&memory), Ok(None));
    memory.apply(&[identity_mutation("view a")]);
    assert_eq!(identity(&memory).unwrap().as_deref(), Some("view a"));
}
