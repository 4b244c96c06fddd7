//! Resources as a table: each row turns a request into the one command that it stands for.

use crate::incoming::no_command;
use http_server::{HeaderName, Problem, Request, header};
use serde_json::{Map, Value, json};

/// How a request to a resource becomes a command.
#[derive(Debug)]
pub(crate) struct Resource {
    /// What the aggregate's id begins with.
    pub(crate) kind: &'static str,
    /// Where the rest of the aggregate's id stands.
    pub(crate) id: Source,
    /// The name of the command.
    pub(crate) payload: &'static str,
    /// Fields of the command that do not stand in the body.
    pub(crate) fields: &'static [Field],
    /// The other fields of the command, and the id where it stands there, are in the body.
    pub(crate) has_body: bool,
}

/// Where a value stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Path(&'static str),
    Query(&'static str),
    Body(&'static str),
}

/// A field of a command that does not stand in the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) source: Source,
    /// The field is a list: a value is read as one with commas.
    pub(crate) is_list: bool,
}

impl Resource {
    /// The command that a request stands for, as the topic takes it, without what stands in headers. `value` looks into the path and the query.
    pub(crate) fn command(
        &self,
        mut body: Map<String, Value>,
        expected_version: Option<u64>,
        value: impl Fn(Source) -> Option<String>,
    ) -> Result<Map<String, Value>, Problem> {
        let id = match self.id {
            Source::Body(name) => text(body.remove(name), name)?,
            source => found(source, value(source))?,
        };
        for field in self.fields {
            let given = found(field.source, value(field.source))?;
            let given = if field.is_list {
                given.split(',').collect::<Vec<_>>().into()
            } else {
                Value::from(given)
            };
            if body.insert(field.name.to_owned(), given).is_some() {
                return Err(no_command(&format!("{}: stands in the path already", field.name)));
            }
        }
        let command = json!({
            "aggregate_id": format!("{}/{id}", self.kind),
            "expected_version": expected_version,
            "payload": { self.payload: body },
        });
        match command {
            Value::Object(members) => Ok(members),
            _ => Err(Problem::internal()),
        }
    }
}

fn text(value: Option<Value>, name: &str) -> Result<String, Problem> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(no_command(&format!("{name}: is {other} where text belongs"))),
        None => Err(no_command(&format!("{name}: is missing"))),
    }
}

fn found(source: Source, value: Option<String>) -> Result<String, Problem> {
    let (Source::Path(name) | Source::Query(name) | Source::Body(name)) = source;
    value.ok_or_else(|| Problem::bad_parameter(name, "", "a value"))
}

/// The version that the header If-Match expects.
///
/// # Errors
/// A problem for the client when it is not one tag as answers have them.
pub(crate) fn expected_version(request: &Request<'_>) -> Result<Option<u64>, Problem> {
    const NAME: HeaderName = header::IF_MATCH;
    let expected = "the ETag of an answer, such as \"5\"";
    let Some(given) = request.header(&NAME, expected)? else {
        return Ok(None);
    };
    let digits = given.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let digits = digits.filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::bad_parameter("If-Match", given, expected)),
    }
}

#[cfg(test)]
mod tests;
