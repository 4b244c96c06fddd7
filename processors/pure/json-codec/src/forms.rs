//! The forms in which a domain's events have been written, and how those of before are read.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

/// Every form in which a domain has written its events: the log keeps all of them for ever.
///
/// A record says which form its payload has (`payload_version`; 1 where it says nothing). Readers ignore fields that they do not know, unless the
/// domain's types refuse them, so that a field which earlier builds may ignore needs no new form: give it a default (`#[serde(default)]`). For every
/// other change, such as another name, unit or structure, raise [`Self::VERSION`] and let [`Self::upcast`] turn the former form into the next
/// one. A build that meets a later form than its own stops there and says so.
///
/// An upcast event should be what the domain decides today for the same command: the audit decides the commands of a log again and compares.
pub trait EventForms: Debug + 'static {
    /// The form that is written.
    const VERSION: u32;

    /// The payload of form `from` in form `from + 1`. Called for each step between the form of a record and [`Self::VERSION`]; pure, like
    /// everything that reads the log.
    ///
    /// # Errors
    /// What cannot be in that form. The record cannot be read then: its partition stops there.
    fn upcast(from: u32, payload: Value) -> Result<Value, String>;
}

/// The forms of a domain that has never changed them.
#[derive(Debug)]
pub struct OneForm;

impl EventForms for OneForm {
    const VERSION: u32 = 1;

    fn upcast(from: u32, _: Value) -> Result<Value, String> {
        Err(format!("form {from} is the only one"))
    }
}

/// What records say that say nothing: they were written before there was a second form.
pub(crate) fn first() -> u32 {
    1
}

/// Reads a payload that was written in the form `version`.
///
/// # Errors
/// What is wrong with the record.
pub(crate) fn read<E: DeserializeOwned, F: EventForms>(version: u32, mut payload: Value) -> Result<E, String> {
    if !(1..=F::VERSION).contains(&version) {
        return Err(format!(
            "payload_version is {version}, and this build reads versions 1 to {}; a build that knows it is needed",
            F::VERSION
        ));
    }
    for from in version..F::VERSION {
        payload = F::upcast(from, payload)
            .map_err(|reason| format!("payload cannot be turned from version {from} into {}: {reason}", from + 1))?;
    }
    serde_json::from_value(payload).map_err(|error| match version {
        version if version == F::VERSION => format!("payload cannot be read: {error}"),
        version => format!(
            "payload, turned from version {version} into {}, cannot be read: {error}",
            F::VERSION
        ),
    })
}

#[cfg(test)]
mod tests;
