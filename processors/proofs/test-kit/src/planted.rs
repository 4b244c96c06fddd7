//! A meter with bugs, for the tests of what finds them.

use application::{Application, ProjectError, Refusal, Route, View, Views};
use decider::{Context, Domain, EventEnvelope, Parts, Rejection, Representation};
use json_codec::{Json, JsonCodec};
use keyvalue::{Mutation, Read};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const NONE: u8 = 0;
/// The total is not stored.
pub(crate) const FORGETS: u8 = 1;
/// What is decided depends on how often anything was decided.
pub(crate) const IS_RANDOM: u8 = 2;
/// An event cannot be applied.
pub(crate) const PANICS: u8 = 3;
/// The view depends on the order of events of different partitions.
pub(crate) const ORDERS: u8 = 4;

#[derive(Debug)]
pub(crate) struct Meter<const BUG: u8>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Command {
    Add { number: u64 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Event {
    Added { number: u64 },
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) count: u64,
    pub(crate) total: u64,
}

static DECIDED: AtomicU64 = AtomicU64::new(0);

impl<const BUG: u8> Domain for Meter<BUG> {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Representation = Self;

    fn initial(_: &str) -> State {
        State::default()
    }

    fn decide(_: &Context<'_>, state: &State, Command::Add { number }: &Command) -> Result<Vec<Event>, Rejection> {
        if *number > 90 {
            return Err(Rejection::new("too-much", "more than 90").fact("total", state.total));
        }
        let more = if BUG == IS_RANDOM {
            DECIDED.fetch_add(1, Ordering::Relaxed) % 7
        } else {
            0
        };
        Ok(vec![Event::Added { number: number + more }])
    }

    fn evolve(state: &mut State, Event::Added { number }: &Event) {
        assert!(BUG != PANICS || *number != 7, "seven cannot be added");
        state.count += 1;
        state.total += number;
    }
}

impl<const BUG: u8> Representation<Self> for Meter<BUG> {
    const IS_WHOLE: bool = true;

    fn size_bytes(state: &State) -> usize {
        <Json as Representation<Self>>::size_bytes(state)
    }

    fn store(after: &State, event: &Event, parts: &mut Parts<'_>) {
        let mut stored = after.clone();
        if BUG == FORGETS {
            stored.total = 0;
        }
        <Json as Representation<Self>>::store(&stored, event, parts);
    }

    fn load(id: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<State, String> {
        <Json as Representation<Self>>::load(id, parts)
    }

    fn command_type(command: &Command) -> &'static str {
        <Json as Representation<Self>>::command_type(command)
    }

    fn event_type(event: &Event) -> &'static str {
        <Json as Representation<Self>>::event_type(event)
    }
}

impl<const BUG: u8> Application for Meter<BUG> {
    const NAME: &'static str = "meter";

    type Codec = JsonCodec<Self>;

    fn views(views: &mut impl Views<Self>) {
        if BUG == ORDERS {
            views.view::<LastOfAll>();
        }
    }
}

/// The last number of any meter: which that is depends on the order.
#[derive(Default)]
struct LastOfAll;

impl View for LastOfAll {
    type Event = Event;
    type Question = ();

    const NAME: &'static str = "last";
    const VERSION: u32 = 1;
    const ROUTES: &'static [Route<()>] = &[];

    fn project(&mut self, _: u32, event: &EventEnvelope<Event>, _: &impl Read) -> Result<Vec<Mutation>, ProjectError> {
        let Event::Added { number } = event.event;
        let (key, value) = (b"last".to_vec(), number.to_be_bytes().to_vec());
        Ok(vec![Mutation::Put { key, value }])
    }

    fn answer((): &(), _: &impl Read) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }
}

pub(crate) fn any_command(chance: &mut crate::Chance) -> (String, Command) {
    let number = chance.below(100);
    (format!("meter/{}", chance.below(12)), Command::Add { number })
}

/// What a test prints that fails.
pub(crate) fn failure(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("the test should fail");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}
