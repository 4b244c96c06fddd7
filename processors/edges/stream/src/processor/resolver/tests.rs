//! Many ids at once, failures with back-off, and what is remembered.

use super::*;
use decider::WriterSchema;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Takes its time for each id, fails for those below a bound as often as it is configured to, and counts.
#[derive(Clone)]
struct Slow {
    takes: Duration,
    fails_below: u32,
    failures_left: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    asking: Arc<AtomicUsize>,
    asking_max: Arc<AtomicUsize>,
}

impl Slow {
    fn new(takes: Duration) -> Self {
        Self {
            takes,
            fails_below: 0,
            failures_left: Arc::default(),
            asked: Arc::default(),
            asking: Arc::default(),
            asking_max: Arc::default(),
        }
    }
}

fn away() -> RegistryError {
    RegistryError::Away {
        url: "http://r".to_owned(),
        reason: "closed".to_owned(),
    }
}

impl SchemaSource for Slow {
    fn schema(&mut self, schema_id: u32) -> Result<Lookup, RegistryError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let asking = self.asking.fetch_add(1, Ordering::Relaxed) + 1;
        self.asking_max.fetch_max(asking, Ordering::Relaxed);
        clock::rest(self.takes);
        self.asking.fetch_sub(1, Ordering::Relaxed);
        let fails = schema_id < self.fails_below
            && self
                .failures_left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok();
        if fails {
            return Err(away());
        }
        Ok(if schema_id.is_multiple_of(2) {
            Lookup::Found(WriterSchema::from("\"string\""))
        } else {
            Lookup::Absent("there is none".to_owned())
        })
    }
}

/// The answers within a time, until there are this many.
fn answers(resolver: &Resolver, count: usize, within: Duration) -> Vec<(u32, Lookup)> {
    let (deadline, mut answers) = (Deadline::after(within), Vec::new());
    while answers.len() < count && !deadline.is_over() {
        answers.extend(resolver.take());
        clock::rest(Duration::from_millis(5));
    }
    answers
}

#[test]
fn two_thousand_ids_are_looked_up_many_at_a_time_and_each_once() {
    let source = Slow::new(Duration::from_millis(50));
    let resolver = Resolver::new(&source);
    resolver.want(0..2_000);
    resolver.want(0..2_000);
    // One after the other they would take 100 s.
    let answers = answers(&resolver, 2_000, Duration::from_secs(30));
    assert_eq!(answers.len(), 2_000);
    assert_eq!(source.asked.load(Ordering::Relaxed), 2_000);
    let at_once = source.asking_max.load(Ordering::Relaxed);
    assert!(at_once > 4 && at_once <= LOOKUPS_AT_ONCE_MAX, "{at_once}");
    assert!(!resolver.is_pending(7) && resolver.trouble().is_none());
}

#[test]
fn asking_never_waits_for_an_answer() {
    let resolver = Resolver::new(&Slow::new(Duration::from_secs(2)));
    let before = clock::now();
    resolver.want(0..100);
    assert!(resolver.take().is_empty() && resolver.is_pending(99));
    drop(resolver);
    assert!(clock::now() - before < Duration::from_secs(1));
}

#[test]
fn a_registry_that_fails_is_asked_one_question_at_a_time_and_then_answers_all() {
    let mut source = Slow::new(Duration::from_millis(20));
    source.fails_below = u32::MAX;
    source.failures_left.store(20, Ordering::Relaxed);
    let resolver = Resolver::new(&source);
    resolver.want(0..40);
    clock::rest(Duration::from_millis(600));
    assert_eq!(resolver.trouble(), Some(away().to_string()));
    assert!(resolver.take().is_empty());
    // The first ones went out together; since then one is asked each time.
    let asked = source.asked.load(Ordering::Relaxed);
    assert!(asked <= LOOKUPS_AT_ONCE_MAX + 3, "{asked}");
    assert_eq!(answers(&resolver, 40, Duration::from_secs(30)).len(), 40);
    assert!(resolver.trouble().is_none());
    assert!(resolver.take_troubles().contains(&TransientFault::RegistryAway));
}

#[test]
fn an_id_that_fails_does_not_keep_the_others() {
    let mut source = Slow::new(Duration::from_millis(1));
    source.fails_below = 1;
    source.failures_left.store(usize::MAX, Ordering::Relaxed);
    let resolver = Resolver::new(&source);
    resolver.want(0..200);
    let answers = answers(&resolver, 199, Duration::from_secs(20));
    assert_eq!(answers.len(), 199);
    assert!(resolver.is_pending(0));
}

#[test]
fn what_is_absent_is_remembered_within_a_bound_and_kept_while_it_is_needed() {
    let mut resolver = Resolver::new(&Slow::new(Duration::ZERO));
    for id in 0..ABSENT_MAX as u32 + 10 {
        resolver.remember_absent(id, String::new());
    }
    assert_eq!(resolver.absent().len(), ABSENT_MAX);
    assert!(!resolver.absent().contains_key(&0));
    resolver.forget(&BTreeSet::new());
    assert_eq!(resolver.absent().len(), ABSENT_MAX);
    for (until, _) in &mut resolver.forgotten {
        *until = Deadline::after(Duration::ZERO);
    }
    resolver.forget(&BTreeSet::from([100]));
    assert_eq!(resolver.absent().keys().copied().collect::<Vec<_>>(), [100]);
}

#[test]
fn what_is_absent_is_counted_and_so_is_each_kind_of_failure() {
    let resolver = Resolver::new(&Slow::new(Duration::ZERO));
    resolver.want([1]);
    assert_eq!(answers(&resolver, 1, Duration::from_secs(5)).len(), 1);
    assert_eq!(resolver.take_troubles(), [TransientFault::SchemaAbsent]);
    let (url, what, reason) = (String::new(), String::new(), String::new());
    let foreign = RegistryError::Foreign {
        url: url.clone(),
        reason: reason.clone(),
    };
    let status = 403;
    let denied = RegistryError::Denied { url, what, status, reason };
    let kinds = [away(), foreign, denied].map(|error| TransientFault::of_registry(&error).kind());
    assert_eq!(kinds, ["registry_away", "registry_foreign", "registry_denied"]);
}
