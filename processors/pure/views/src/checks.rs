//! What is wrong between facts: each check in a file, as a function of the facts alone. Incremental upkeep and nothing else calls
//! them; `recompute` says the same in other words.

pub(crate) mod designator;
pub(crate) mod pair;
pub(crate) mod reference;
pub(crate) mod seam;
