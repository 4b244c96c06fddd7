//! Keys that had another name once. What still has it gets an error with the new one: silence would leave a process with a default.

use super::{ConfigurationError, PREFIX};

/// The former name of a key, and the one that it has.
const RENAMED: [(&str, &str); 1] = [("schedule", "topic_prefix")];

/// What is wrong with a key, where it is the former name of one or of the file that holds its value.
pub(super) fn error(origin: &str, key: &str) -> Option<ConfigurationError> {
    let plain = key.strip_suffix("_file").unwrap_or(key);
    let (key, now) = RENAMED.into_iter().find(|(former, _)| *former == plain)?;
    Some(ConfigurationError::Renamed {
        origin: origin.to_owned(),
        key,
        now,
    })
}

/// For a program that has no file of configuration: looks for variables that set a key by its former name.
///
/// # Errors
/// [`ConfigurationError::Renamed`] for the first of them that `is_set`.
pub fn check_variables(is_set: impl Fn(&str) -> bool) -> Result<(), ConfigurationError> {
    for (former, _) in RENAMED {
        let variable = format!("{PREFIX}{}", former.to_uppercase());
        if let Some(error) = is_set(&variable).then(|| error(&variable, former)).flatten() {
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
