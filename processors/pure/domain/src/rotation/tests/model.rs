//! Random commands against a plain model: a list of legs that is sorted and searched from end to end for every question.

use super::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
struct Model {
    status: Status,
    airplane: Option<Registration>,
    /// In the order in which they came.
    legs: Vec<Leg>,
    removed: Vec<LegId>,
}

/// The rule, and the two legs between which it is broken.
type Broken = (&'static str, LegId, LegId);

/// What the model says to a command.
#[derive(Debug)]
enum Answer {
    Accepted(Vec<Event>),
    /// One of these rules is the reason.
    Refused(BTreeSet<&'static str>),
    /// Exactly these problems are the reason.
    Problems(Vec<Broken>),
}

impl Model {
    fn new() -> Self {
        Self {
            status: Status::Unborn,
            airplane: None,
            legs: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn answer(&self, command: &Command) -> Answer {
        let refused = self.refusals(command);
        if !refused.is_empty() {
            return Answer::Refused(refused);
        }
        let events = self.consequences(command);
        let mut result = self.clone();
        events.iter().for_each(|event| result.apply(event));
        let broken = result.broken();
        if result.status == Status::Live(Mode::Active) && !broken.is_empty() {
            return Answer::Problems(broken);
        }
        Answer::Accepted(events)
    }

    /// What speaks against a command before its result is looked at.
    fn refusals(&self, command: &Command) -> BTreeSet<&'static str> {
        let mut rules = BTreeSet::new();
        let mut rule = |name, broken: bool| {
            if broken {
                rules.insert(name);
            }
        };
        let created = matches!(command, Command::Create { .. });
        rule("already-created", created && matches!(self.status, Status::Live(_)));
        rule("rotation-removed", self.status == Status::Removed);
        rule("no-such-rotation", !created && self.status == Status::Unborn);
        let nothing = match command {
            Command::AssignAirplane { registration } => self.airplane.as_ref() == Some(registration),
            Command::UnassignAirplane => self.airplane.is_none(),
            Command::Activate => self.status == Status::Live(Mode::Active),
            Command::RescheduleLeg {
                leg_id,
                departure,
                arrival,
            } => self
                .legs
                .iter()
                .any(|leg| leg.id == *leg_id && leg.departure == *departure && leg.arrival == *arrival),
            Command::AddLegs { legs } => !legs.is_empty() && legs.iter().all(|leg| self.legs.contains(leg)),
            Command::Create { .. } | Command::RemoveLegs { .. } => false,
            Command::ReplaceLegs { .. } | Command::Remove => false,
        };
        rule("nothing-to-change", nothing);
        let (leaving, coming, times) = parts(command);
        for list in [leaving.as_ref().map(Vec::len), coming.as_ref().map(Vec::len)]
            .into_iter()
            .flatten()
        {
            rule("leg-count", list == 0 || list > 500);
        }
        let leaving = leaving.unwrap_or_default();
        rule("no-such-leg", leaving.iter().any(|id| !self.has(id)));
        rule("leg-twice", twice(&leaving));
        if let Some((id, departure, arrival)) = times {
            rule("no-such-leg", !self.has(&id));
            rule("arrival-not-after-departure", arrival.0 - departure.0 <= 0);
            rule("instant-out-of-range", departure.0.min(arrival.0) < 0);
        }
        let coming = coming.unwrap_or_default();
        let ids: Vec<LegId> = coming.iter().map(|leg| leg.id.clone()).collect();
        rule("leg-twice", twice(&ids));
        rule("leg-exists", ids.iter().any(|id| self.has(id)));
        rule("leg-removed", ids.iter().any(|id| self.removed.contains(id)));
        rule(
            "instant-out-of-range",
            coming.iter().any(|leg| leg.arrival.0.min(leg.departure.0) < 0),
        );
        rule(
            "arrival-not-after-departure",
            coming.iter().any(|leg| leg.arrival.0 - leg.departure.0 <= 0),
        );
        rules
    }

    fn consequences(&self, command: &Command) -> Vec<Event> {
        let find = |id: &LegId| self.legs.iter().find(|leg| leg.id == *id).unwrap().clone();
        match command {
            Command::Create { mode } => vec![Event::Created { mode: *mode }],
            Command::AssignAirplane { registration } => vec![Event::AirplaneAssigned {
                registration: registration.clone(),
                previous: self.airplane.clone(),
            }],
            Command::UnassignAirplane => vec![Event::AirplaneUnassigned {
                registration: self.airplane.clone().unwrap(),
            }],
            Command::Activate => vec![Event::Activated],
            Command::Remove => vec![Event::Removed],
            Command::RescheduleLeg {
                leg_id,
                departure,
                arrival,
            } => vec![Event::LegRescheduled {
                leg_id: leg_id.clone(),
                previous_departure: find(leg_id).departure,
                previous_arrival: find(leg_id).arrival,
                departure: *departure,
                arrival: *arrival,
            }],
            Command::AddLegs { .. } | Command::RemoveLegs { .. } | Command::ReplaceLegs { .. } => {
                let (leaving, coming, _) = parts(command);
                let leaving = leaving
                    .unwrap_or_default()
                    .into_iter()
                    .map(|id| Event::LegRemoved { leg: find(&id) });
                leaving
                    .chain(coming.unwrap_or_default().into_iter().map(|leg| Event::LegAdded { leg }))
                    .collect()
            }
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Created { mode } => self.status = Status::Live(*mode),
            Event::Activated => self.status = Status::Live(Mode::Active),
            Event::Removed => self.status = Status::Removed,
            Event::AirplaneAssigned { registration, .. } => self.airplane = Some(registration.clone()),
            Event::AirplaneUnassigned { .. } => self.airplane = None,
            Event::LegAdded { leg } => self.legs.push(leg.clone()),
            Event::LegRemoved { leg } => {
                self.legs.retain(|kept| kept.id != leg.id);
                self.removed.push(leg.id.clone());
            }
            Event::LegRescheduled {
                leg_id,
                departure,
                arrival,
                ..
            } => {
                for leg in self.legs.iter_mut().filter(|leg| leg.id == *leg_id) {
                    (leg.departure, leg.arrival) = (*departure, *arrival);
                }
            }
        }
    }

    fn flown(&self) -> Vec<Leg> {
        let mut legs = self.legs.clone();
        legs.sort_by(|a, b| (a.departure.0, a.id.as_str()).cmp(&(b.departure.0, b.id.as_str())));
        legs
    }

    fn broken(&self) -> Vec<Broken> {
        let (mut broken, flown) = (Vec::new(), self.flown());
        for (index, later) in flown.iter().enumerate() {
            for leg in flown[..index].iter().filter(|leg| later.departure.0 < leg.arrival.0) {
                broken.push(("overlap", leg.id.clone(), later.id.clone()));
            }
            if let Some(leg) = flown[..index].last().filter(|leg| later.origin != leg.destination) {
                broken.push(("discontinuity", leg.id.clone(), later.id.clone()));
            }
        }
        broken
    }

    fn has(&self, id: &LegId) -> bool {
        self.legs.iter().any(|leg| leg.id == *id)
    }

    fn state(&self) -> State {
        State::restore(self.status, self.airplane.clone(), self.legs.clone(), self.removed.clone())
    }
}

type Times = (LegId, Instant, Instant);

/// What a command takes out, puts in and moves.
fn parts(command: &Command) -> (Option<Vec<LegId>>, Option<Vec<Leg>>, Option<Times>) {
    match command {
        Command::AddLegs { legs } => (None, Some(legs.clone()), None),
        Command::RemoveLegs { leg_ids } => (Some(leg_ids.clone()), None, None),
        Command::ReplaceLegs { remove, add } => (Some(remove.clone()), Some(add.clone()), None),
        Command::RescheduleLeg {
            leg_id,
            departure,
            arrival,
        } => (None, None, Some((leg_id.clone(), *departure, *arrival))),
        Command::Create { .. } | Command::AssignAirplane { .. } | Command::UnassignAirplane => (None, None, None),
        Command::Activate | Command::Remove => (None, None, None),
    }
}

fn twice(ids: &[LegId]) -> bool {
    (1..ids.len()).any(|index| ids[..index].contains(&ids[index]))
}

/// No two legs of all are in the air at once, and each departs from where the one before arrived.
fn assert_flyable(legs: &[Leg]) -> Result<(), TestCaseError> {
    for (index, leg) in legs.iter().enumerate() {
        for other in &legs[index + 1..] {
            prop_assert!(
                other.departure >= leg.arrival || other.arrival <= leg.departure,
                "{leg:?} {other:?}"
            );
        }
        if let Some(next) = legs.get(index + 1) {
            prop_assert_eq!(leg.destination, next.origin);
        }
    }
    Ok(())
}

/// What a planner tries. Indexes are resolved against the rotation as it is, so that a good part is accepted.
#[derive(Debug, Clone)]
enum Attempt {
    Any(Command),
    /// Legs that fly on from the place of one leg and come back, in the time before the next; now and then a little late.
    RoundTrip {
        from: Index,
        legs: u8,
        away: u8,
        late: bool,
    },
    /// A run of legs goes, whether or not it comes back to where it began.
    RemoveRun {
        from: Index,
        legs: u8,
    },
    /// A run of legs goes, and the same way is flown by others, in less time or more.
    ReplaceRun {
        from: Index,
        legs: u8,
        others: u8,
        late: bool,
    },
    /// A leg flies up to a few steps later or earlier, for longer or shorter.
    Shift {
        leg: Index,
        departure: i8,
        arrival: i8,
    },
}

const STEP_MS: i64 = 600_000;

fn airport(number: u8) -> AirportCode {
    AirportCode::parse(["HNL", "KOA", "OGG"][usize::from(number) % 3]).unwrap()
}

/// Legs that begin and end at these airports, one step each or less, from an instant on.
fn way(from: AirportCode, to: AirportCode, legs: u8, away: u8, departure: i64, until: i64, used: &mut u32) -> Vec<Leg> {
    let step = ((until - departure) / i64::from(legs.max(1))).clamp(0, STEP_MS);
    (0..legs)
        .map(|index| {
            let stop = |place: u8| match place {
                0 => from,
                place if place == legs => to,
                place => airport(away + place),
            };
            *used += 1;
            Leg {
                id: id(&format!("way{used}")),
                origin: stop(index),
                destination: stop(index + 1),
                departure: Instant(departure + i64::from(index) * step),
                arrival: Instant(departure + i64::from(index + 1) * step),
                ..leg(OUT)
            }
        })
        .collect()
}

impl Attempt {
    fn command(&self, model: &Model, used: &mut u32) -> Command {
        let legs = model.flown();
        let run = |from: &Index, count: u8| {
            let from = if legs.is_empty() { 0 } else { from.index(legs.len()) };
            &legs[from..legs.len().min(from + usize::from(count))]
        };
        let ids = |run: &[Leg]| run.iter().map(|leg| leg.id.clone()).collect::<Vec<_>>();
        match self {
            Self::Any(command) => command.clone(),
            Self::RoundTrip {
                from,
                legs: count,
                away,
                late,
            } => {
                let pair = run(from, 2);
                let (place, departure) = pair.first().map_or((airport(0), 0), |leg| (leg.destination, leg.arrival.0));
                let until = pair.get(1).map_or(departure + 6 * STEP_MS, |leg| leg.departure.0) + i64::from(*late);
                let legs = way(place, place, *count, *away, departure, until, used);
                Command::AddLegs { legs }
            }
            Self::RemoveRun { from, legs } => Command::RemoveLegs {
                leg_ids: ids(run(from, *legs)),
            },
            Self::ReplaceRun { from, legs, others, late } => {
                let run = run(from, *legs);
                let (Some(first), Some(last)) = (run.first(), run.last()) else {
                    return Command::Activate;
                };
                let until = last.arrival.0 + i64::from(*late);
                let add = way(first.origin, last.destination, *others, 1, first.departure.0, until, used);
                Command::ReplaceLegs { remove: ids(run), add }
            }
            Self::Shift { leg, departure, arrival } => match run(leg, 1) {
                [leg, ..] => Command::RescheduleLeg {
                    leg_id: leg.id.clone(),
                    departure: Instant(leg.departure.0 + i64::from(*departure) * STEP_MS / 4),
                    arrival: Instant(leg.arrival.0 + i64::from(*arrival) * STEP_MS / 4),
                },
                [] => Command::UnassignAirplane,
            },
        }
    }
}

fn any_id() -> impl Strategy<Value = LegId> {
    prop_oneof![3 => "[a-h]", 1 => "way[1-9]"].prop_map(|text| id(&text))
}

fn any_leg() -> impl Strategy<Value = Leg> {
    (any_id(), 0..3_u8, 0..3_u8, 0..12_i64, -1..4_i64).prop_map(|(id, origin, destination, departure, steps)| Leg {
        id,
        origin: airport(origin),
        destination: airport(destination),
        departure: Instant(departure * STEP_MS),
        arrival: Instant((departure + steps) * STEP_MS),
        ..leg(OUT)
    })
}

fn any_command() -> impl Strategy<Value = Command> {
    let legs = || prop::collection::vec(any_leg(), 0..4);
    let ids = || prop::collection::vec(any_id(), 0..4);
    let mode = prop::sample::select(vec![Mode::Draft, Mode::Active]);
    prop_oneof![
        1 => mode.prop_map(|mode| Command::Create { mode }),
        4 => legs().prop_map(|legs| Command::AddLegs { legs }),
        2 => ids().prop_map(|leg_ids| Command::RemoveLegs { leg_ids }),
        2 => (ids(), legs()).prop_map(|(remove, add)| Command::ReplaceLegs { remove, add }),
        2 => any_leg().prop_map(|leg| Command::RescheduleLeg { leg_id: leg.id, departure: leg.departure, arrival: leg.arrival }),
        1 => prop::sample::select(vec!["N475HA", "N476HA"]).prop_map(assign),
        1 => Just(Command::UnassignAirplane),
        2 => Just(Command::Activate),
    ]
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    let index = any::<Index>;
    prop_oneof![
        6 => any_command().prop_map(Attempt::Any),
        6 => (index(), 1..5_u8, 0..3_u8, prop::bool::weighted(0.2))
            .prop_map(|(from, legs, away, late)| Attempt::RoundTrip { from, legs, away, late }),
        3 => (index(), 1..5_u8).prop_map(|(from, legs)| Attempt::RemoveRun { from, legs }),
        3 => (index(), 1..5_u8, 1..5_u8, prop::bool::weighted(0.2))
            .prop_map(|(from, legs, others, late)| Attempt::ReplaceRun { from, legs, others, late }),
        3 => (index(), -5..6_i8, -5..6_i8).prop_map(|(leg, departure, arrival)| Attempt::Shift { leg, departure, arrival }),
    ]
}

/// The answer of `decide` is the model's; gives the events.
fn agreed(decided: Result<Vec<Event>, Rejection>, answer: Answer, command: &Command) -> Result<Vec<Event>, TestCaseError> {
    match (decided, answer) {
        (Ok(events), Answer::Accepted(expected)) => {
            prop_assert!(!events.is_empty());
            prop_assert_eq!(&events, &expected);
            Ok(events)
        }
        (Err(rejection), Answer::Refused(rules)) => {
            prop_assert!(rules.contains(rejection.rule), "{}, but the model has {:?}", rejection, rules);
            Ok(Vec::new())
        }
        (Err(rejection), Answer::Problems(problems)) => {
            let reported = |fact: &crate::rejection::Fact| (fact["rule"].clone(), fact["leg"].clone(), fact["next_leg"].clone());
            let reported: Vec<_> = rejection.facts.iter().map(reported).collect();
            let found: Vec<_> = problems
                .iter()
                .map(|(rule, leg, next)| (rule.to_string(), leg.to_string(), next.to_string()))
                .collect();
            prop_assert_eq!(reported, found, "{:?}", command);
            prop_assert_eq!(rejection.rule, problems[0].0);
            Ok(Vec::new())
        }
        (decided, answer) => Err(TestCaseError::fail(format!(
            "{command:?}: {decided:?}, but the model says {answer:?}"
        ))),
    }
}

/// Runs attempts from a first one that creates the rotation; gives how many changed an active rotation.
fn run(mode: Mode, attempts: &[Attempt], last: &Command) -> Result<usize, TestCaseError> {
    let (mut model, mut state, mut used, mut changes) = (Model::new(), State::default(), 0, 0);
    let create = Attempt::Any(Command::Create { mode });
    for attempt in [&create].into_iter().chain(attempts).chain([&Attempt::Any(last.clone())]) {
        let command = attempt.command(&model, &mut used);
        let events = agreed(decide(&state, &command), model.answer(&command), &command)?;
        for event in &events {
            evolve(&mut state, event);
            model.apply(event);
            prop_assert_eq!(&state, &model.state());
            prop_assert_eq!(state.size_bytes(), model.state().size_bytes());
        }
        prop_assert!(state.legs().eq(&model.flown()));
        if state.status() == Status::Live(Mode::Active) {
            assert_flyable(&model.flown())?;
            changes += usize::from(!events.is_empty());
        }
    }
    Ok(changes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn decisions_agree_with_a_plain_model_and_an_active_rotation_stays_flyable(
        active: bool, attempts in prop::collection::vec(any_attempt(), 1..40), last in prop_oneof![Just(Command::Remove), any_command()],
    ) {
        run(if active { Mode::Active } else { Mode::Draft }, &attempts, &last)?;
    }

    #[test]
    fn nothing_is_decided_before_a_rotation_is_created_nor_after_it_is_removed(command in any_command()) {
        for status in [Status::Unborn, Status::Removed] {
            let model = Model { status, ..Model::new() };
            let state = model.state();
            agreed(decide(&state, &command), model.answer(&command), &command)?;
        }
    }

    #[test]
    fn a_state_is_the_same_whatever_the_order_of_its_parts(
        attempts in prop::collection::vec(any_attempt(), 1..20), turn in any::<Index>(),
    ) {
        let (mut model, mut used) = (Model::new(), 0);
        model.apply(&DRAFT);
        for attempt in &attempts {
            if let Answer::Accepted(events) = model.answer(&attempt.command(&model, &mut used)) {
                events.iter().for_each(|event| model.apply(event));
            }
        }
        let state = model.state();
        if !model.legs.is_empty() {
            let by = turn.index(model.legs.len());
            model.legs.rotate_left(by);
        }
        model.removed.reverse();
        prop_assert_eq!(model.state(), state);
    }
}

#[test]
fn random_attempts_change_active_rotations_often_enough_to_mean_something() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(any_attempt(), 40);
    let mut changes = 0;
    for _ in 0..100 {
        let attempts = strategy.new_tree(&mut runner).unwrap().current();
        changes += run(Mode::Active, &attempts, &Command::Remove).unwrap();
    }
    assert!(changes > 1_000, "{changes} changes in 4,000 attempts");
}
