//! Given events, the view.

mod corrections;
mod cost;
mod fixture;

mod pairs;
mod random;
mod references;
mod rotations;
mod same_day;
mod unfit;
