//! One layer laid over those below it: known keys only, each with the type of its default.

use super::{ConfigurationError, renamed};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const FILE_SUFFIX: &str = "_file";

/// A layer in the making; `table` holds what the layers below say.
pub(super) struct Layer<'t> {
    origin: &'t str,
    table: &'t mut Table,
    open_tables: &'t [&'t str],
}

impl<'t> Layer<'t> {
    /// `origin` is how errors call this layer: a path or the name of a variable.
    pub(super) fn new(origin: &'t str, table: &'t mut Table, open_tables: &'t [&'t str]) -> Self {
        for name in open_tables {
            table.entry(*name).or_insert_with(|| Value::Table(Table::new()));
        }
        Self {
            origin,
            table,
            open_tables,
        }
    }

    /// Lays a whole table over the one below.
    pub(super) fn merge(mut self, given: Table) -> Result<(), ConfigurationError> {
        let mut flat = Vec::new();
        flatten("", given, &mut flat);
        for (key, _) in &flat {
            if let Some(plain) = key.strip_suffix(FILE_SUFFIX)
                && flat.iter().any(|(other, _)| other == plain)
                && !self.is_known(key)
            {
                return Err(ConfigurationError::Twice {
                    origin: self.origin.to_owned(),
                    key: plain.to_owned(),
                });
            }
        }
        for (key, value) in flat {
            self.put(&key, value)?;
        }
        Ok(())
    }

    /// Sets one key, whose value is read as the type that it has below.
    pub(super) fn set(mut self, key: &str, text: String) -> Result<(), ConfigurationError> {
        let key = match self.open_key(key) {
            Some((open, inner)) => match inner.strip_suffix(FILE_SUFFIX) {
                Some(plain) => format!("{open}.{}{FILE_SUFFIX}", plain.replace('_', ".")),
                None => format!("{open}.{}", inner.replace('_', ".")),
            },
            None => key.to_owned(),
        };
        let value = match find(self.table, &key) {
            Some(below) => read_as(below, text).ok_or_else(|| self.wrong_type(&key, below))?,
            None => Value::String(text),
        };
        self.put(&key, value)
    }

    fn put(&mut self, key: &str, value: Value) -> Result<(), ConfigurationError> {
        let named_by_file = key.strip_suffix(FILE_SUFFIX).filter(|_| !self.is_known(key));
        if let Some((open, inner)) = self.open_key(key) {
            let (open, inner) = (open.to_owned(), inner.to_owned());
            let text = text_of(value).ok_or_else(|| self.expected(key, "a text, a number or a boolean"))?;
            let (name, text) = match inner.strip_suffix(FILE_SUFFIX) {
                Some(plain) => (plain.to_owned(), read_secret(&text)?),
                None => (inner, text),
            };
            if let Some(Value::Table(table)) = self.table.get_mut(&open) {
                table.insert(name, Value::String(text));
            }
            return Ok(());
        }
        if let Some(plain) = named_by_file
            && let Some(Value::String(_)) = find(self.table, plain)
        {
            let Value::String(path) = value else {
                return Err(self.expected(key, "the path of a file"));
            };
            return self.replace(plain, Value::String(read_secret(&path)?));
        }
        let below = find(self.table, key).ok_or_else(|| self.unknown(key))?;
        match (below, &value) {
            // Tables are taken apart beforehand, so this one is empty and says nothing.
            (Value::Table(_), Value::Table(_)) => Ok(()),
            (below, value_given) if below.type_str() == value_given.type_str() => self.replace(key, value),
            (Value::Float(_), Value::Integer(whole)) => {
                let float = Value::Float(*whole as f64);
                self.replace(key, float)
            }
            _ => Err(self.wrong_type(key, below)),
        }
    }

    fn replace(&mut self, key: &str, value: Value) -> Result<(), ConfigurationError> {
        match find_mut(self.table, key) {
            Some(place) => *place = value,
            None => return Err(self.unknown(key)),
        }
        Ok(())
    }

    /// The open table that a key is in, and the key within it.
    fn open_key<'k>(&self, key: &'k str) -> Option<(&'k str, &'k str)> {
        key.split_once('.').filter(|(table, _)| self.open_tables.contains(table))
    }

    fn is_known(&self, key: &str) -> bool {
        find(self.table, key).is_some()
    }

    fn unknown(&self, key: &str) -> ConfigurationError {
        if let Some(renamed) = renamed::error(self.origin, key) {
            return renamed;
        }
        let mut flat = Vec::new();
        let closed = self.table.iter().filter(|(name, _)| !self.open_tables.contains(&name.as_str()));
        flatten("", closed.map(|(name, value)| (name.clone(), value.clone())).collect(), &mut flat);
        let mut known: Vec<String> = flat.into_iter().map(|(key, _)| key).collect();
        known.extend(self.open_tables.iter().map(|table| format!("{table}.*")));
        ConfigurationError::UnknownKey {
            origin: self.origin.to_owned(),
            key: key.to_owned(),
            known,
        }
    }

    fn wrong_type(&self, key: &str, below: &Value) -> ConfigurationError {
        let expected = match below {
            Value::String(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Datetime(_) => "a date or time",
            Value::Array(_) => "a list such as [\"a\", \"b\"]",
            Value::Table(_) => "a table",
        };
        self.expected(key, expected)
    }

    fn expected(&self, key: &str, expected: &'static str) -> ConfigurationError {
        ConfigurationError::WrongType {
            origin: self.origin.to_owned(),
            key: key.to_owned(),
            expected,
        }
    }
}

/// Every value that is no table, by its path with dots; an empty table stands for itself, so that a misspelt one is noticed.
fn flatten(prefix: &str, table: Table, flat: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !inner.is_empty() => flatten(&key, inner, flat),
            value => flat.push((key, value)),
        }
    }
}

fn find<'t>(table: &'t Table, key: &str) -> Option<&'t Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => find(table.get(first)?.as_table()?, rest),
    }
}

fn find_mut<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Value> {
    match key.split_once('.') {
        None => table.get_mut(key),
        Some((first, rest)) => find_mut(table.get_mut(first)?.as_table_mut()?, rest),
    }
}

/// A text as a value of the same type as `below`.
fn read_as(below: &Value, text: String) -> Option<Value> {
    match below {
        Value::String(_) => Some(Value::String(text)),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Datetime(_) => text.parse().ok().map(Value::Datetime),
        Value::Array(_) => format!("list = {text}")
            .parse::<Table>()
            .ok()?
            .remove("list")
            .filter(Value::is_array),
        Value::Table(_) => None,
    }
}

fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

/// The content of a file that holds one value; the line break that editors add is not part of it.
fn read_secret(path: &str) -> Result<String, ConfigurationError> {
    match std::fs::read_to_string(Path::new(path)) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(ConfigurationError::Unreadable {
            path: PathBuf::from(path),
            error,
        }),
    }
}
