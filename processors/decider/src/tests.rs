//! The machine on a domain of counters.
