//! A clean history passes, and each planted bug is found by the check that it is for.

mod carried;
mod clean;
mod clock;
mod forged;
mod forgotten;
mod learned;
mod log;
mod lost;
mod planted;
mod rewritten;
mod steps;
