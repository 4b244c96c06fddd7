//! The parameters of a question: percent-decoded, each at most once, none that the route does not know.

use crate::problem::Problem;
use std::borrow::Cow;

/// Named values as they came.
#[derive(Debug, Default)]
pub struct Parameters<'q> {
    values: Vec<(&'static str, Cow<'q, str>)>,
}

impl<'q> Parameters<'q> {
    /// Reads `a=b&c=d`. A plus sign stands for itself, as it does in the offset of an instant. An empty value counts as given.
    ///
    /// # Errors
    /// A problem for the client: an unknown query parameter, one that is given twice, or one that is not percent-encoded UTF-8.
    pub fn parse(query: &'q str, known: &[&'static str]) -> Result<Self, Problem> {
        let mut values: Vec<(&'static str, Cow<'q, str>)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode(name).unwrap_or(Cow::Borrowed(name));
            let Some(known_name) = known.iter().find(|known| **known == name) else {
                return Err(Problem::unknown_parameter(&name, known));
            };
            if values.iter().any(|(earlier, _)| earlier == known_name) {
                return Err(Problem::repeated_parameter(known_name));
            }
            let value = percent_decode(value).ok_or_else(|| Problem::bad_parameter(known_name, value, "percent-encoded UTF-8"))?;
            values.push((known_name, value));
        }
        Ok(Self { values })
    }

    /// The value of `name` as it came.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_ref())
    }

    /// The value of `name` read by `read`, which says what it expected when it refuses.
    ///
    /// # Errors
    /// A problem for the client that names the parameter and what was expected.
    pub fn read<T, E: Into<String>>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match read(value) {
            Ok(read) => Ok(Some(read)),
            Err(expected) => Err(Problem::bad_parameter(name, value, expected)),
        }
    }

    /// Names and values in the order of their names, except those in `without`.
    pub fn sorted_without(&self, without: &[&str]) -> Vec<(&str, &str)> {
        let mut kept: Vec<(&str, &str)> = self
            .values
            .iter()
            .filter(|(name, _)| !without.contains(name))
            .map(|(name, value)| (*name, value.as_ref()))
            .collect();
        kept.sort_unstable();
        kept
    }
}

/// The text that `%41` and the like stand for; `None` when that is not UTF-8 or a percent sign is not followed by two digits.
pub fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2)?;
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        bytes.push(u8::try_from(digit(0)? * 16 + digit(1)?).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// The text as it may stand in a path or a query: what is not unreserved (RFC 3986, 2.3) is written as `%41`.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
