//! Everything at once, for as long as a row may take.

use super::{Needs, Row};
use crate::nemesis::{Nemesis, run};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[Row {
    number: 52,
    name: "all-at-once",
    what: "40 s of kills, pauses, restarts, faulty lines and a faulty broker at random from the seed; --nemesis runs it for longer",
    needs: Needs::BrokerOfItsOwn,
    run: |ground| {
        run(
            ground,
            Nemesis {
                time: Duration::from_secs(40),
                broker: true,
            },
        );
    },
}];
