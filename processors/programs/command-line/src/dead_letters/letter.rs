//! One dead letter: the record as it was sent, and what the processor says of it.

use crate::reading::text_header;
use serde_json::{Value, json};
use stream::inspect::Found;
use topology::headers::{FORWARDED_FROM, parse_place};
use uuid::Uuid;

/// The header of a command that was a dead letter: partition and offset in the topic of dead letters.
pub(super) const REDRIVEN_FROM: &str = "redriven-from";

type Header = (String, Option<Vec<u8>>);
pub(super) type Headers = Vec<Header>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// Partition and offset in the topic of dead letters.
    pub(super) place: (u32, i64),
    pub(super) timestamp_ms: i64,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    /// Those of the record, as it was sent.
    pub(super) sent: Headers,
    /// Those of the processor.
    pub(super) said: Headers,
    pub(super) command_id: Option<Uuid>,
    pub(super) reason: String,
}

impl Letter {
    pub(super) fn read(partition: u32, found: Found) -> Self {
        let Found {
            offset,
            timestamp_ms,
            key,
            value,
            headers,
            ..
        } = found;
        // The record's own come first, and the processor says how many there were; fewer of them are left where the record was cut.
        let count = text_header(&headers, "header-count").and_then(|text| text.parse().ok());
        let begin = headers.iter().rposition(|(name, _)| name == "topic").unwrap_or(headers.len());
        let count = count.map_or(begin, |count: usize| count.min(begin));
        let mut sent = headers;
        let said = sent.split_off(count);
        Self {
            place: (partition, offset),
            timestamp_ms,
            key,
            value,
            command_id: text_header(&said, "command-id").and_then(|text| Uuid::try_parse(text).ok()),
            reason: text_header(&said, "reason")
                .unwrap_or("the record does not say why it is here")
                .to_owned(),
            sent,
            said,
        }
    }

    /// The last value of what the processor says.
    pub(super) fn says(&self, name: &str) -> Option<&str> {
        text_header(&self.said, name)
    }

    pub(super) fn bytes(&self) -> usize {
        let length = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers = self.sent.iter().chain(&self.said);
        length(&self.key) + length(&self.value) + headers.map(|(name, value)| name.len() + length(value)).sum::<usize>()
    }

    /// Why the record cannot be sent again as it was, if it cannot.
    pub(super) fn obstacle(&self) -> Option<String> {
        let Some(cut) = self.says("cut") else {
            return Some("it is no dead letter of a command".to_owned());
        };
        if cut != "nothing" {
            return Some(format!("a part of the record is missing: {cut}"));
        }
        let size = self
            .value
            .as_ref()
            .map_or_else(|| "null".to_owned(), |value| value.len().to_string());
        if self.says("value-bytes") != Some(&size) {
            return Some("its value is not the one that was found".to_owned());
        }
        if self.key.is_none() {
            return Some("the record has no key, and would be a dead letter again".to_owned());
        }
        None
    }

    /// The record's headers as it is sent again. Those of an earlier way into the topic would be false.
    pub(super) fn headers_again(&self) -> Headers {
        let mut headers = self.sent.clone();
        headers.retain(|(name, _)| name != FORWARDED_FROM && name != REDRIVEN_FROM);
        let (partition, offset) = self.place;
        headers.push((REDRIVEN_FROM.to_owned(), Some(format!("{partition}/{offset}").into_bytes())));
        headers
    }

    /// One line.
    pub(super) fn summary(&self) -> Value {
        let found_at = match (self.says("topic"), self.says("partition"), self.says("offset")) {
            (Some(topic), Some(partition), Some(offset)) => Some(format!("{topic} {partition}/{offset}")),
            _ => None,
        };
        let (partition, offset) = self.place;
        json!({
            "letter": format!("{partition}/{offset}"),
            "found_at": found_at,
            "key": self.key.as_deref().map(String::from_utf8_lossy),
            "command_id": self.command_id.map(|id| id.to_string()),
            "type": self.says("type"),
            "reason": self.reason,
        })
    }

    /// Everything. A value that is no JSON is text, as far as it is text.
    pub(super) fn whole(&self) -> Value {
        let of = |headers: &[Header]| {
            let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let pairs = headers.iter().map(|(name, value)| json!({ "name": name, "value": text(value) }));
            pairs.collect::<Vec<_>>()
        };
        let mut whole = self.summary();
        whole["timestamp_ms"] = self.timestamp_ms.into();
        whole["record_headers"] = of(&self.sent).into();
        whole["letter_headers"] = of(&self.said).into();
        let value = self.value.as_deref();
        let read = value.map(|value| serde_json::from_slice(value).unwrap_or_else(|_| String::from_utf8_lossy(value).into()));
        whole["value"] = read.unwrap_or_default();
        whole["obstacle"] = self.obstacle().into();
        whole
    }
}

/// Partition and offset as `PARTITION/OFFSET`.
pub(super) fn place(text: &str) -> Result<(u32, i64), String> {
    parse_place(text).ok_or_else(|| format!("{text:?} is no PARTITION/OFFSET, such as 0/17"))
}

#[cfg(test)]
pub(super) mod tests;
