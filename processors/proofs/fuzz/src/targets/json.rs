//! JSON of those who type it, and of the metadata topic.

use bank_example::Bank;
use decider::Codec;
use topology::{Fact, Facts};

pub(super) fn json(input: &[u8]) -> bool {
    let mut codec = bank_example::Codec::default();
    let command = Codec::<Bank>::decode_command(&mut codec, None, input);
    if let Ok(envelope) = &command {
        let mut meaning = Vec::new();
        Codec::<Bank>::encode_meaning(&mut codec, &envelope.command, &mut meaning);
        let again = Codec::<Bank>::decode_command(&mut codec, None, &bank_example::Codec::command(envelope));
        assert_eq!(again.as_ref(), Ok(envelope), "a command is read as it was written");
    }
    let event = Codec::<Bank>::decode_event(&mut codec, input);
    if let Ok(envelope) = &event {
        let mut bytes = Vec::new();
        Codec::<Bank>::encode_event(&mut codec, envelope, &mut bytes);
        assert_eq!(Codec::<Bank>::decode_event(&mut codec, &bytes).as_ref(), Ok(envelope));
    }
    let outcome = Codec::<Bank>::decode_outcome(&mut codec, input);
    if let Ok(outcome) = &outcome {
        let mut bytes = Vec::new();
        Codec::<Bank>::encode_outcome(&mut codec, outcome, &mut bytes);
        assert_eq!(Codec::<Bank>::decode_outcome(&mut codec, &bytes).as_ref(), Ok(outcome));
    }
    let typed = schemas::parse_typed_json(input);
    if let Ok(typed) = &typed {
        let again = schemas::parse_typed_json(typed.to_string().as_bytes());
        assert_eq!(again.as_ref(), Ok(typed), "JSON is read as it was written");
    }
    typed.is_ok()
}

pub(super) fn fact(input: &[u8]) -> bool {
    let Ok(fact) = Fact::parse(input) else {
        return false;
    };
    assert_eq!(
        Fact::parse(fact.to_json().as_bytes()),
        Ok(fact.clone()),
        "a fact is read as it was written"
    );
    Facts::default().push(0, fact);
    true
}
