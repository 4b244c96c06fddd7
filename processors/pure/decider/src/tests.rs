//! The machine on a domain of counters: what each batch of commands gives, and what remains of it.

mod batches;
mod command_ids;
mod containment;
mod counter;
mod dead_letters;
mod deciding;
mod lost;
mod pipeline;
mod remembering;
mod repeating;
mod replaying;
mod state;
mod torn;
