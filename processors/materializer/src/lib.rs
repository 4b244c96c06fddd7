//! materializer
