//! Values, and commands for the wrong kind of aggregate.
