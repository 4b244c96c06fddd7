//! Many seeds, the same seed twice, and mistakes that have to be found.

mod directories;
mod sabotage;
mod seeds;
