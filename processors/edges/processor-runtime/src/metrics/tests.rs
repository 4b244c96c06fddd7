//! What is measured of partitions that come and go.

use super::*;

fn metrics(registry: &Registry) -> Metrics {
    let failpoints = Failpoints::from_environment(&[], registry).unwrap();
    Metrics::register(registry, Health::default(), failpoints, Tracer::default()).unwrap()
}

/// The partitions of which a lag is shown, each with its value.
fn lags(registry: &Registry) -> Vec<(String, f64)> {
    let families = registry.gather();
    let family = families.iter().find(|family| family.name() == "aerolog_lag_offsets");
    let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
    metrics
        .iter()
        .map(|metric| (metric.get_label()[0].value().to_owned(), metric.get_gauge().get_value()))
        .collect()
}

#[test]
fn a_partition_that_was_given_away_has_no_lag_here_any_more() {
    let registry = Registry::new();
    let metrics = metrics(&registry);
    metrics.lag(3, 17);
    metrics.lag(5, 2);
    assert_eq!(lags(&registry), [("3".to_owned(), 17.0), ("5".to_owned(), 2.0)]);
    metrics.revoked(3);
    metrics.revoked(4);
    assert_eq!(lags(&registry), [("5".to_owned(), 2.0)]);
}

#[test]
fn every_counter_whose_labels_are_known_is_shown_from_the_start() {
    let registry = Registry::new();
    let _metrics = metrics(&registry);
    let shown = |name: &str| {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        family.map_or(0, |family| family.get_metric().len())
    };
    assert_eq!(shown("aerolog_commands_total"), OUTCOMES.len());
    assert_eq!(shown("aerolog_transactions_total"), 3);
    assert_eq!(shown("aerolog_dead_letters_total"), DeadLetter::KINDS.len());
    assert_eq!(shown("aerolog_troubles_total"), TransientFault::ALL.len());
}

#[test]
fn a_registry_that_contradicts_the_log_is_shown_for_as_long_as_it_does() {
    let registry = Registry::new();
    let metrics = metrics(&registry);
    let shown = || {
        let families = registry.gather();
        let family = families.iter().find(|family| family.name() == "aerolog_registry_contradicts_log");
        family.map(|family| family.get_metric()[0].get_gauge().get_value())
    };
    assert_eq!(shown(), Some(0.0));
    metrics.contradicted(true);
    assert_eq!(shown(), Some(1.0));
    metrics.contradicted(false);
    assert_eq!(shown(), Some(0.0));
}
