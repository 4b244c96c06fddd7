//! What the processor's guards are for: each fault with the guard, and without it.
//!
//! Needs a broker: see `scripts/test`.
#![allow(clippy::unwrap_used)]

#[path = "guards/bug.rs"]
mod bug;
#[path = "guards/fixture.rs"]
mod fixture;
#[path = "guards/ghost.rs"]
mod ghost;
#[path = "guards/late_end.rs"]
mod late_end;
#[path = "guards/leaving.rs"]
mod leaving;
#[path = "guards/stuck.rs"]
mod stuck;
#[path = "guards/torn.rs"]
mod torn;
