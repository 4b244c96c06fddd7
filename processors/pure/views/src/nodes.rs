//! The nodes of the graph, as they are stored. Each group of attributes that can change alone has its own provenance.

mod airplane;
mod airport;
mod leg;
mod rotation;

pub use airplane::{Airplane, FormerAirplane};
pub use airport::{Airport, MinimumGroundTime};
pub use leg::Leg;
pub(crate) use leg::{put_designator, put_leg, read_airport, read_designator, read_leg};
pub use rotation::{Assignment, Rotation};
pub(crate) use rotation::{put_mode, read_mode};
