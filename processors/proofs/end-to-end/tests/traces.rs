//! Traces of commands, from the client to the views, as a collector sees them.

#[cfg(test)]
mod traces {
    mod away;
    mod chain;
    mod collector;
}
