//! bank-example
