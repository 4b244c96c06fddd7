//! Each fault, between a plain socket and a broker that says what it got: what passes, when, and what the client notices.
#![allow(clippy::disallowed_methods)]

#[cfg(test)]
mod faults {
    mod connections;
    mod fixture;
    mod holding;
    mod placing;
    mod requests;
}
