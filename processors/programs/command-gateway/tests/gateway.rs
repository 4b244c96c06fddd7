//! The gateway as its clients meet it: real processes on a real broker.

#[cfg(test)]
mod gateway {
    mod commands;
    mod documents;
    mod failing;
    mod fixture;
    mod refusals;
    mod resources;
    mod streams;
}
