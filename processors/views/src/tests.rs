//! Given events, the view.
