//! The words of dead letters.

use super::*;

#[test]
fn the_words_that_metrics_begin_with_are_those_of_every_dead_letter() {
    let letters = [
        DeadLetter::NoKey,
        DeadLetter::NoValue,
        DeadLetter::ControlCharacter,
        DeadLetter::KeyTooLong { bytes: 2, bytes_max: 1 },
        DeadLetter::Oversized { bytes: 2, bytes_max: 1 },
        DeadLetter::UnknownSchema {
            schema_id: 1,
            reason: "there is none".to_owned(),
        },
        DeadLetter::Malformed("no JSON".to_owned()),
        DeadLetter::KeyDiffers {
            aggregate_id: "airport/HNL".to_owned(),
        },
        DeadLetter::NoCommandId { command_id: Uuid::nil() },
    ];
    assert_eq!(letters.map(|letter| letter.kind()), DeadLetter::KINDS);
}
