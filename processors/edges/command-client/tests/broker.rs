//! Commands and their answers on a real broker, which the environment names: `scripts/test` starts one.

#[cfg(test)]
mod broker {
    mod answers;
}
