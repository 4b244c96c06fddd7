//! The views of an application, opened one after the other, each in a directory of its own.

use crate::configuration::Configuration;
use crate::directory::{self, Edition};
use crate::event_log::KafkaLog;
use crate::failure::Failure;
use crate::kept::KeptView;
use crate::metrics::Metrics;
use crate::parts::{Condition, VIEW};
use crate::shared::Shared;
use crate::updating::ViewUpdater;
use application::{Application, View, Views};
use prometheus::Registry as MetricsRegistry;
use query_service::AskedView;
use service::{Health, Shutdown, State};
use std::marker::PhantomData;
use std::sync::Arc;

/// Keeps a view up to date until the shutdown.
pub(crate) type Updater = Box<dyn FnOnce(&Shutdown) -> Result<(), Failure> + Send>;

/// Opens every view of an application: what is asked, and what keeps it up to date.
///
/// # Errors
/// When a directory cannot be opened, and where two views have the same name and version.
pub(crate) fn open<A: Application>(
    configuration: &Configuration,
    shared: &Shared,
    metrics: &MetricsRegistry,
    health: &Health,
) -> Result<(Vec<AskedView>, Vec<Updater>), Failure> {
    let mut names = Names::default();
    A::views(&mut names);
    let mut opening = Opening {
        configuration,
        shared,
        metrics,
        health,
        names: names.0,
        asked: Vec::new(),
        updaters: Vec::new(),
        result: Ok(()),
    };
    A::views(&mut opening);
    opening.result.map(|()| (opening.asked, opening.updaters))
}

/// How many views an application has.
pub(crate) fn count<A: Application>() -> u16 {
    let mut names = Names::default();
    A::views(&mut names);
    u16::try_from(names.0.len()).unwrap_or(u16::MAX)
}

/// What the views are called.
#[derive(Default)]
struct Names(Vec<&'static str>);

impl<A: Application> Views<A> for Names {
    fn view<V: View<Event = A::Event>>(&mut self) {
        self.0.push(V::NAME);
    }
}

struct Opening<'o> {
    configuration: &'o Configuration,
    shared: &'o Shared,
    metrics: &'o MetricsRegistry,
    health: &'o Health,
    /// Of all views, in their order.
    names: Vec<&'static str>,
    asked: Vec<AskedView>,
    updaters: Vec<Updater>,
    result: Result<(), Failure>,
}

impl<A: Application> Views<A> for Opening<'_> {
    fn view<V: View<Event = A::Event>>(&mut self) {
        if self.result.is_ok() {
            self.result = self.open::<A, V>();
        }
    }
}

impl Opening<'_> {
    fn open<A: Application, V: View<Event = A::Event>>(&mut self) -> Result<(), Failure> {
        let until = self.shared.until.clone();
        let edition = Edition::of::<V>(until.clone());
        // The first version of each name.
        let is_current = !self.names[..self.asked.len()].contains(&V::NAME);
        let name = edition.to_string();
        let condition = Condition::new(self.health.clone(), (self.names.len() > 1).then_some(&name), is_current);
        condition.set(VIEW, State::Waiting("the process is starting".into()));
        let store = directory::open(&self.configuration.state_directory, &edition, self.configuration.rocksdb)?;
        let kept = Arc::new(KeptView::new(store, condition.clone())?);
        let updater = ViewUpdater::<A, V> {
            metrics: Metrics::register::<V>(self.metrics, &name, Arc::clone(&kept))?,
            kept: Arc::clone(&kept),
            shared: self.shared.clone(),
            condition,
            edition,
            view: PhantomData,
        };
        self.updaters.push(Box::new(move |shutdown| updater.run(shutdown)));
        let log = Arc::new(KafkaLog::<A>::new(self.shared.clone()));
        let asked = AskedView::with_log::<V, _>(kept, log, is_current);
        self.asked.push(match until {
            Some(until) => asked.frozen(until),
            None => asked,
        });
        Ok(())
    }
}
