//! command-processor
