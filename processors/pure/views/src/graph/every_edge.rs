//! The edges of several kinds from one node as one list in pages.

use super::{Edge, EdgeKind, NodeId, edges_of};
use crate::ask::{Page, Span, Time};
use keyvalue::{Read, ReadError};

/// The edges of some kinds from a node, kind by kind, each in its own order.
///
/// # Errors
/// When the view cannot be read.
pub fn every_edge(read: &impl Read, node: &NodeId, kinds: &[EdgeKind], time: Time, span: Span<'_>) -> Result<Page<Edge>, ReadError> {
    let mut page = Page {
        items: Vec::new(),
        next: None,
    };
    // A place in the list is the number of a kind and a place among the edges of that kind, or nothing where they begin.
    let (first, mut after) = match span.after.and_then(<[u8]>::split_first) {
        Some((number, rest)) => (*number, (!rest.is_empty()).then(|| rest.to_vec())),
        None => (0, None),
    };
    for kind in EdgeKind::ALL
        .into_iter()
        .filter(|kind| kinds.contains(kind) && kind.from() == node.kind())
    {
        if kind.number() < first {
            continue;
        }
        let after = if kind.number() == first { after.take() } else { None };
        if page.items.len() >= span.limit {
            page.next = Some(vec![kind.number()]);
            return Ok(page);
        }
        let of_kind = Span {
            after: after.as_deref(),
            limit: span.limit - page.items.len(),
        };
        let found = edges_of(read, node, kind, time, of_kind)?;
        page.items.extend(found.items);
        if let Some(next) = found.next {
            page.next = Some([vec![kind.number()], next].concat());
            return Ok(page);
        }
    }
    Ok(page)
}
