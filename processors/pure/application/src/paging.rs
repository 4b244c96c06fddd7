//! Lists in pages: at most `limit` items after the key of the last one seen. A list that filters what it scans looks at no more than
//! [`SCANNED_MAX`] keys for a page; a page can be short, and more may come after it.

use crate::cursor::{self, ListMark};
use crate::{Asked, Refusal};
use keyvalue::{Order, Read, ReadError};
use std::ops::ControlFlow;

/// Keys that are looked at for one page.
pub const SCANNED_MAX: usize = 100_000;

/// Most lists that are asked for fit.
const LIMIT_DEFAULT: usize = 500;
const LIMIT_MAX: usize = 1000;
const LIMIT_EXPECTED: &str = "a number from 1 to 1000";

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The key after which the next page begins; `None` when this is the last one.
    pub next: Option<Vec<u8>>,
}

/// From where a list goes on, and how far.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// The `next` of the page before.
    pub after: Option<&'a [u8]>,
    pub limit: usize,
}

/// Which part of a list a question asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    limit: usize,
    /// The last key that was shown.
    after: Option<Vec<u8>>,
    list: ListMark,
}

impl Paging {
    pub(crate) fn read(asked: &Asked<'_>) -> Result<Self, Refusal> {
        let limit = asked.parameter("limit", |text| match text.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
            _ => Err(LIMIT_EXPECTED),
        })?;
        let list = ListMark::new(&asked.list_name(), asked.filters());
        let after = asked.parameter("cursor", |text| cursor::decode(list, text).ok_or(cursor::EXPECTED))?;
        Ok(Self {
            limit: limit.unwrap_or(LIMIT_DEFAULT),
            after,
            list,
        })
    }

    pub fn span(&self) -> Span<'_> {
        Span {
            after: self.after.as_deref(),
            limit: self.limit,
        }
    }

    /// Whether this is the first page.
    pub fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// The cursor of the page that follows `page`, if any.
    pub fn next<T>(&self, page: &Page<T>) -> Option<String> {
        page.next.as_deref().map(|last_key| cursor::encode(self.list, last_key))
    }
}

/// The page of a list whose items lie in a range of keys; `item` leaves out what does not belong.
///
/// # Errors
/// When the view cannot be read, and those of `item`.
pub fn page<T>(
    read: &impl Read,
    (from, to): (Vec<u8>, Vec<u8>),
    span: Span<'_>,
    mut item: impl FnMut(&[u8], &[u8]) -> Result<Option<T>, ReadError>,
) -> Result<Page<T>, ReadError> {
    let begin = match span.after {
        Some(after) if after >= from.as_slice() => [after, &[0]].concat(),
        Some(_) | None => from,
    };
    let mut page = Page {
        items: Vec::new(),
        next: None,
    };
    let mut last = Vec::new();
    let mut scanned = 0;
    let mut failed = Ok(());
    read.scan(&begin, &to, Order::Ascending, &mut |key, value| {
        if page.items.len() == span.limit || scanned == SCANNED_MAX {
            page.next = Some(std::mem::take(&mut last));
            return ControlFlow::Break(());
        }
        scanned += 1;
        match item(key, value) {
            Ok(item) => page.items.extend(item),
            Err(error) => {
                failed = Err(error);
                return ControlFlow::Break(());
            }
        }
        last.clear();
        last.extend_from_slice(key);
        ControlFlow::Continue(())
    })?;
    failed.map(|()| page)
}

#[cfg(test)]
mod tests;
