//! The gateway with a provider, as its clients meet it: real processes on a real broker.

#[cfg(test)]
mod services {
    mod provider;
    mod signing_in;
}
