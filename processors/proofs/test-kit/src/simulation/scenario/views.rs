//! All views of an application, side by side in one replica; of one without views, how many events each aggregate has.

use application::{Application, View, Views, check_keys, edition};
use decider::{Domain, EventEnvelope};
use keyvalue::{Mutation, Order, Read, ReadError, Visit};
use std::ops::ControlFlow;

/// Before the keys of the first view; those of the next one begin with the next byte.
const FIRST: u8 = 0x10;
const VIEWS_MAX: u8 = 0x80;

/// Each view's keys begin with a byte of its own.
pub struct AllViews<A: Domain> {
    views: Vec<Box<dyn Projecting<A::Event>>>,
}

impl<A: Application> AllViews<A> {
    pub(super) fn new() -> Self {
        let mut views = Self { views: Vec::new() };
        A::views(&mut views);
        if views.views.is_empty() {
            views.views.push(Box::new(EventCounts));
        }
        views
    }

    pub(super) fn project(&mut self, partition: u32, event: &EventEnvelope<A::Event>, read: &impl Read) -> Result<Vec<Mutation>, String> {
        let mut mutations = Vec::new();
        for (view, prefix) in self.views.iter_mut().zip(FIRST..VIEWS_MAX) {
            let within = Within { read, prefix };
            mutations.extend(
                view.project(partition, event, &within)?
                    .into_iter()
                    .map(|mutation| within.prefixed(mutation)),
            );
        }
        Ok(mutations)
    }
}

impl<A: Domain> Views<A> for AllViews<A> {
    fn view<V: View<Event = A::Event>>(&mut self) {
        self.views.push(Box::new(V::default()));
    }
}

/// A view of any type.
trait Projecting<E> {
    fn project(&mut self, partition: u32, event: &EventEnvelope<E>, read: &dyn ReadBytes) -> Result<Vec<Mutation>, String>;
}

impl<V: View> Projecting<V::Event> for V {
    fn project(&mut self, partition: u32, event: &EventEnvelope<V::Event>, read: &dyn ReadBytes) -> Result<Vec<Mutation>, String> {
        let of_view = |reason: String| format!("view {}: {reason}", edition::<V>());
        let projected = View::project(self, partition, event, &Bytes(read));
        let mut mutations = projected.map_err(|error| of_view(error.to_string()))?;
        mutations.extend(self.settle());
        check_keys(&mutations).map_err(of_view)?;
        Ok(mutations)
    }
}

/// [`Read`] for any reader.
trait ReadBytes {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError>;
    fn walk(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError>;
}

struct Bytes<'r>(&'r dyn ReadBytes);

impl Read for Bytes<'_> {
    fn get<T>(&self, key: &[u8], with: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, ReadError> {
        Ok(self.0.value(key)?.map(|value| with(&value)))
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        self.0.walk(from, to, order, visit)
    }
}

/// The keys of one view.
struct Within<'r, R> {
    read: &'r R,
    prefix: u8,
}

impl<R> Within<'_, R> {
    fn key(&self, key: &[u8]) -> Vec<u8> {
        [&[self.prefix], key].concat()
    }

    fn prefixed(&self, mutation: Mutation) -> Mutation {
        match mutation {
            Mutation::Put { key, value } => Mutation::Put {
                key: self.key(&key),
                value,
            },
            Mutation::Delete { key } => Mutation::Delete { key: self.key(&key) },
            Mutation::DeleteRange { from, to } => Mutation::DeleteRange {
                from: self.key(&from),
                to: self.key(&to),
            },
        }
    }
}

impl<R: Read> ReadBytes for Within<'_, R> {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.read.get(&self.key(key), <[u8]>::to_vec)
    }

    fn walk(&self, from: &[u8], to: &[u8], order: Order, visit: Visit<'_>) -> Result<(), ReadError> {
        let mut visit = |key: &[u8], value: &[u8]| match key {
            [_, key @ ..] => visit(key, value),
            [] => ControlFlow::Continue(()),
        };
        self.read.scan(&self.key(from), &self.key(to), order, &mut visit)
    }
}

/// How many events each aggregate has: instead of the views of an application that has none. It refuses an event that does not follow the one
/// before.
struct EventCounts;

impl<E> Projecting<E> for EventCounts {
    fn project(&mut self, _: u32, event: &EventEnvelope<E>, read: &dyn ReadBytes) -> Result<Vec<Mutation>, String> {
        let key = event.aggregate_id.as_bytes().to_vec();
        let before = read.value(&key).map_err(|error| error.to_string())?;
        let before = before.and_then(|value| value.try_into().ok()).map_or(0, u64::from_be_bytes);
        if event.version != before + 1 {
            return Err(format!(
                "an event of {} has version {}, and the one before {before}",
                event.aggregate_id, event.version
            ));
        }
        let value = event.version.to_be_bytes().to_vec();
        Ok(vec![Mutation::Put { key, value }])
    }
}
