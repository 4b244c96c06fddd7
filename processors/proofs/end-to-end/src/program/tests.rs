//! Sums over metrics.

use super::{Metrics, find_sum, sum};

fn metrics() -> Metrics {
    let lines = [
        ("a_total{kind=\"x\"}", 1.0),
        ("a_total{kind=\"y\"}", 2.0),
        ("a_total_more", 4.0),
        ("b", 8.0),
    ];
    lines.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn a_metric_is_summed_over_its_labels_and_over_no_other_metric() {
    for (name, expected) in [("a_total", 3.0), ("a_total{kind=\"y\"}", 2.0), ("b", 8.0)] {
        assert!((sum(&metrics(), name) - expected).abs() < f64::EPSILON, "{name}");
    }
}

#[test]
#[should_panic(expected = "no metric is called a_totl")]
fn a_misspelled_metric_does_not_pass_for_zero() {
    sum(&metrics(), "a_totl");
}

#[test]
#[should_panic(expected = "no metric is called a_total{kind=\"z\"}")]
fn a_label_that_no_metric_has_does_not_pass_for_zero() {
    sum(&metrics(), "a_total{kind=\"z\"}");
}

#[test]
fn a_process_of_another_kind_has_no_such_metric() {
    assert!(find_sum(&metrics(), "c").is_none() && find_sum(&Metrics::new(), "a_total").is_none());
}
