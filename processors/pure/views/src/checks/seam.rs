//! Two rotations that follow one another for an airplane: the last leg of the one and the first of the other.

use crate::check::Check;
use crate::violation::{Detail, Violation, Violations};
use crate::world::Stretch;
use domain::Registration;

pub(crate) fn examine(airplane: &Registration, before: &Stretch, after: &Stretch, into: &mut Violations) {
    let discontinuous = after.first.origin != before.last.destination;
    let overlapping = after.first.departure < before.last.arrival;
    if !discontinuous && !overlapping {
        return;
    }
    let legs = vec![
        (before.rotation.clone(), before.last.clone()),
        (after.rotation.clone(), after.first.clone()),
    ];
    for (rotation, counted) in [(&before.rotation, true), (&after.rotation, false)] {
        let detail = Detail::Seam {
            airplane: airplane.clone(),
            discontinuous,
            overlapping,
        };
        let violation = Violation {
            rotation: rotation.clone(),
            counted,
            legs: legs.clone(),
            detail,
        };
        violation.insert(
            Check::RotationSeam,
            |key| key.id(before.rotation.as_str()).id(after.rotation.as_str()),
            into,
        );
    }
}
