//! Given events, when a command, then events or a rejection.
