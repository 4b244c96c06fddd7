//! The parts of the process whose condition `/health/ready` tells.

/// Follows the log and writes the view.
pub(crate) const VIEW: &str = "view";
/// Waits for the brokers.
pub(crate) const KAFKA: &str = "kafka";
/// Waits for the schema registry.
pub(crate) const REGISTRY: &str = "schema-registry";

/// One partition of the view.
pub(crate) fn partition(partition: u32) -> String {
    format!("view partition {partition}")
}
