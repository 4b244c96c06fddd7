//! Two rotations that follow one another for an airplane: the last leg of the one and the first of the other.

use super::{Violations, report};
use crate::check::Check;
use crate::edges::RotationSpan;
use crate::keys::{self, Key};
use domain::RotationId;

/// The second rotation departs from another airport than where the first ends.
pub(crate) fn is_discontinuous(before: &RotationSpan, after: &RotationSpan) -> bool {
    after.first_origin != before.last_destination
}

/// The second rotation departs before the first has ended.
pub(crate) fn is_overlapping(before: &RotationSpan, after: &RotationSpan) -> bool {
    after.first_departure < before.last_arrival
}

/// The entry stands under both rotations, and is counted under the first.
pub(crate) fn examine(before: &RotationSpan, after: &RotationSpan, into: &mut Violations) {
    if is_discontinuous(before, after) || is_overlapping(before, after) {
        for (rotation, counted) in [(&before.rotation, true), (&after.rotation, false)] {
            report(key(rotation, &before.rotation, &after.rotation), counted, into);
        }
    }
}

/// The entry of a violation between two rotations, under one of them.
pub(crate) fn key(rotation: &RotationId, before: &RotationId, after: &RotationId) -> Key {
    keys::violations_of(Check::RotationSeam, rotation)
        .id(before.as_str())
        .id(after.as_str())
}
