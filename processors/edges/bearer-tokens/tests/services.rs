//! Both services with a provider, as their clients meet them: real processes on a real broker.

#[cfg(test)]
mod services {
    mod provider;
    mod signing_in;
}
