//! Brokers whose own limits keep a processor from working: it waits, and says which setting it is.

use super::{Needs, Row};
use crate::{Ground, Scene, Services};
use end_to_end::{Cluster, within};
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[Row {
    number: 57,
    name: "limits-of-the-broker",
    what: "transaction timeout, session timeout and connections are limited too low at the broker: not ready, and the reason names the setting",
    needs: Needs::ThreeBrokers,
    run: limits_of_the_broker,
}];

/// A property of the broker, and what else the reason has to name.
const LIMITS: [(&str, &str, &str); 3] = [
    ("transaction.max.timeout.ms", "3000", "transaction.timeout.ms"),
    ("group.max.session.timeout.ms", "5900", "session.timeout.ms"),
    ("max.connections.per.ip", "5", "max.connections.per.ip"),
];
const SAID_WITHIN: Duration = Duration::from_secs(60);

/// One broker of the row's own, which ends with this.
struct Limited(Services);

impl Limited {
    fn start(ground: &Ground, property: &str, value: &str) -> (Self, Ground) {
        let services = Services::in_directory(&ground.folder().join("brokers").join(property));
        services.run(&["start", "--registry-memory", "--property", &format!("{property}={value}")]);
        let cluster = Cluster {
            brokers: services.brokers(),
            registry: ground.cluster().registry.clone(),
        };
        (Self(services), ground.on(cluster))
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.0.run(&["stop"]);
    }
}

fn limits_of_the_broker(ground: &Ground) {
    for (property, value, named) in LIMITS {
        let (_broker, limited) = Limited::start(ground, property, value);
        let name = property.replace('.', "-");
        let mut scene = Scene::begin(&limited, &name, 1);
        // A state of its own: each broker is another cluster.
        scene.start_processor(&name, &[]);
        let processor = scene.fleet.program(&name);
        let mut reason = String::new();
        within(SAID_WITHIN, &format!("the reason names {property}"), || {
            reason = processor.not_ready_because();
            reason.contains(property) && reason.contains(named)
        });
        limited.tell(&format!("{property}={value}: {reason}"));
        scene.fleet.stop(&name);
    }
}
