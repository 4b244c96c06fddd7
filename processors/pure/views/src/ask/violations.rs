//! The violations of a check, under filters.

use super::{Page, SCANNED_MAX, Span, Time, page};
use crate::check::Check;
use crate::keys::{self, Key};
use crate::project::counts::{Counted, stored_count};
use crate::recent_gets::RecentGets;
use crate::stored;
use crate::violation::Violation;
use domain::{AirportCode, Registration, RotationId};
use keyvalue::{Order, Read, ReadError, prefix_end};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Which violations are meant: all conditions hold.
///
/// By rotation, or rotations whose ids begin alike, only their part of the index is read; by airplane its rotations are, and by
/// airport or time the whole of the check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub rotation: Option<RotationId>,
    pub rotation_prefix: Option<String>,
    pub airplane: Option<Registration>,
    pub airport: Option<AirportCode>,
    /// The first leg departs then.
    pub time: Time,
}

impl Filter {
    fn range(&self, check: Check) -> (Vec<u8>, Vec<u8>) {
        match (&self.rotation, &self.rotation_prefix) {
            (Some(rotation), _) => keys::violations_of(check, rotation).range(),
            (None, Some(prefix)) => {
                let Key(mut from) = keys::violations(check);
                from.extend_from_slice(prefix.as_bytes());
                let to = prefix_end(&from);
                (from, to)
            }
            (None, None) => keys::violations(check).range(),
        }
    }

    /// Whether every violation that is asked for is listed under the rotation that counts it.
    fn lists_once(&self) -> bool {
        self.rotation.is_none() && self.rotation_prefix.is_none() && self.airplane.is_none()
    }

    fn is_open(&self) -> bool {
        *self == Self::default()
    }

    fn holds(&self, violation: &Violation, rotations: Option<&BTreeSet<RotationId>>) -> bool {
        let Self {
            rotation,
            rotation_prefix,
            airplane: _,
            airport,
            time,
        } = self;
        // What lies between rotations is listed once, unless one of the others is what was asked for.
        let first = violation.legs.first().map(|(rotation, _)| rotation);
        let asked = |id: &RotationId| {
            rotation.as_ref().is_none_or(|rotation| rotation == id)
                && rotation_prefix
                    .as_ref()
                    .is_none_or(|prefix| id.as_str().starts_with(prefix.as_str()))
                && rotations.is_none_or(|rotations| rotations.contains(id))
        };
        asked(&violation.rotation)
            && (violation.counted || first.is_some_and(|first| !asked(first)))
            && airport.is_none_or(|airport| violation.concerns_airport(airport))
            && (*time == Time::default() || violation.legs.first().is_some_and(|(_, leg)| time.holds(leg.departure)))
    }
}

/// The violations of a check, in the order of rotations.
pub fn violations(read: &impl Read, check: Check, filter: &Filter, span: Span<'_>) -> Result<Page<Violation>, ReadError> {
    let rotations = rotations_meant(read, filter)?;
    let nodes = RecentGets::new(read);
    page(read, filter.range(check), span, |key, value| {
        if filter.lists_once() && !Violation::is_counted(value)? {
            return Ok(None);
        }
        let (_, violation) = Violation::read(&nodes, key, value)?;
        Ok(filter.holds(&violation, rotations.as_ref()).then_some(violation))
    })
}

/// How many violations there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    Exactly(u64),
    /// More were not looked at.
    AtLeast(u64),
}

/// How many there are. Without a filter it is one read; with one the part of the index that the filter names is scanned, up to
/// [`SCANNED_MAX`] keys.
pub fn count(read: &impl Read, check: Check, filter: &Filter) -> Result<Total, ReadError> {
    count_within(read, check, filter, SCANNED_MAX)
}

pub(crate) fn count_within(read: &impl Read, check: Check, filter: &Filter, scanned_max: usize) -> Result<Total, ReadError> {
    if filter.is_open() {
        let count = stored_count(read, &keys::count(Counted::Violations(check).number()))?;
        return Ok(Total::Exactly(count.cast_unsigned()));
    }
    let rotations = rotations_meant(read, filter)?;
    let nodes = RecentGets::new(read);
    let (mut count, mut scanned, mut is_cut) = (0, 0, false);
    stored::each(read, filter.range(check), Order::Ascending, |key, value| {
        if scanned == scanned_max {
            is_cut = true;
            return Ok(ControlFlow::Break(()));
        }
        scanned += 1;
        if filter.lists_once() && !Violation::is_counted(value)? {
            return Ok(ControlFlow::Continue(()));
        }
        let (_, violation) = Violation::read(&nodes, key, value)?;
        count += u64::from(filter.holds(&violation, rotations.as_ref()));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(if is_cut { Total::AtLeast(count) } else { Total::Exactly(count) })
}

fn rotations_meant(read: &impl Read, filter: &Filter) -> Result<Option<BTreeSet<RotationId>>, ReadError> {
    filter
        .airplane
        .as_ref()
        .map(|airplane| {
            let flown = stored::rotations_of(read, airplane)?;
            Ok(flown.into_iter().map(|flown| flown.rotation).collect())
        })
        .transpose()
}
