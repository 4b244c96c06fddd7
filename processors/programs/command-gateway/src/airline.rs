//! The airline's resources: rotations with their legs and airplane, airplanes, and airports.

use crate::resources::{Field, Resource, Source};
use http_server::Method;

/// One row: method, path, summary, and the command that it stands for.
pub(crate) struct Row {
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) summary: &'static str,
    /// The name of the body's schema, where there is a body.
    pub(crate) body: Option<&'static str>,
    pub(crate) resource: Resource,
}

/// What an aggregate's id begins with.
const ROTATION: &str = "rotation";
const AIRPLANE: &str = "airplane";
const AIRPORT: &str = "airport";

pub(crate) static ROWS: [Row; 16] = [
    Row {
        method: Method::POST,
        template: "/rotations",
        summary: "Creates a rotation without legs.",
        body: Some("CreateRotationBody"),
        resource: of_body(ROTATION, "rotation_id", "CreateRotation"),
    },
    Row {
        method: Method::DELETE,
        template: "/rotations/{id}",
        summary: "Removes a rotation with all its legs, for good.",
        body: None,
        resource: without_body(ROTATION, "id", "RemoveRotation", &[]),
    },
    Row {
        method: Method::POST,
        template: "/rotations/{id}/legs",
        summary: "Adds 1 to 500 legs, all or none of them.",
        body: Some("AddLegsBody"),
        resource: with_body(ROTATION, "id", "AddLegs", &[]),
    },
    Row {
        method: Method::DELETE,
        template: "/rotations/{id}/legs",
        summary: "Removes the legs that the query names, all or none of them.",
        body: None,
        resource: without_body(ROTATION, "id", "RemoveLegs", &[LEG_IDS_OF_QUERY]),
    },
    Row {
        method: Method::POST,
        template: "/rotations/{id}/replacement",
        summary: "Removes some legs and adds others in one decision; only the result is judged.",
        body: Some("ReplaceLegsBody"),
        resource: with_body(ROTATION, "id", "ReplaceLegs", &[]),
    },
    Row {
        method: Method::DELETE,
        template: "/rotations/{id}/legs/{leg}",
        summary: "Removes a leg.",
        body: None,
        resource: without_body(ROTATION, "id", "RemoveLegs", &[LEG_IDS_OF_PATH]),
    },
    Row {
        method: Method::PATCH,
        template: "/rotations/{id}/legs/{leg}",
        summary: "Changes the times of a leg.",
        body: Some("RescheduleLegBody"),
        resource: with_body(ROTATION, "id", "RescheduleLeg", &[LEG_ID_OF_PATH]),
    },
    Row {
        method: Method::PUT,
        template: "/rotations/{id}/airplane",
        summary: "Gives a rotation its airplane.",
        body: Some("AssignAirplaneBody"),
        resource: with_body(ROTATION, "id", "AssignAirplane", &[]),
    },
    Row {
        method: Method::DELETE,
        template: "/rotations/{id}/airplane",
        summary: "Takes the airplane from a rotation.",
        body: None,
        resource: without_body(ROTATION, "id", "UnassignAirplane", &[]),
    },
    Row {
        method: Method::POST,
        template: "/rotations/{id}/activation",
        summary: "Turns a draft into an active rotation; refused while legs overlap or do not connect.",
        body: None,
        resource: without_body(ROTATION, "id", "ActivateRotation", &[]),
    },
    Row {
        method: Method::POST,
        template: "/airplanes",
        summary: "Makes an airplane known.",
        body: Some("RegisterAirplaneBody"),
        resource: of_body(AIRPLANE, "registration", "RegisterAirplane"),
    },
    Row {
        method: Method::DELETE,
        template: "/airplanes/{registration}",
        summary: "Takes an airplane out of service.",
        body: None,
        resource: without_body(AIRPLANE, "registration", "RetireAirplane", &[]),
    },
    Row {
        method: Method::PATCH,
        template: "/airplanes/{registration}",
        summary: "Corrects an airplane's type.",
        body: Some("CorrectAirplaneBody"),
        resource: with_body(AIRPLANE, "registration", "CorrectAirplane", &[]),
    },
    Row {
        method: Method::POST,
        template: "/airports",
        summary: "Makes an airport known.",
        body: Some("RegisterAirportBody"),
        resource: of_body(AIRPORT, "code", "RegisterAirport"),
    },
    Row {
        method: Method::PATCH,
        template: "/airports/{code}",
        summary: "Corrects an airport's name, its time zone, or both.",
        body: Some("CorrectAirportBody"),
        resource: with_body(AIRPORT, "code", "CorrectAirport", &[]),
    },
    Row {
        method: Method::PUT,
        template: "/airports/{code}/minimum-ground-time",
        summary: "Changes the minimum ground time of an airport, in general or for one aircraft type.",
        body: Some("SetMinimumGroundTimeBody"),
        resource: with_body(AIRPORT, "code", "SetMinimumGroundTime", &[]),
    },
];

const LEG_ID_OF_PATH: Field = Field {
    name: "leg_id",
    source: Source::Path("leg"),
    is_list: false,
};
const LEG_IDS_OF_PATH: Field = Field {
    name: "leg_ids",
    source: Source::Path("leg"),
    is_list: true,
};
const LEG_IDS_OF_QUERY: Field = Field {
    name: "leg_ids",
    source: Source::Query("leg_ids"),
    is_list: true,
};

/// Creates an aggregate, whose id stands in the body.
const fn of_body(kind: &'static str, id: &'static str, payload: &'static str) -> Resource {
    Resource {
        kind,
        id: Source::Body(id),
        payload,
        fields: &[],
        has_body: true,
    }
}

/// Changes an aggregate, whose id stands in the path.
const fn with_body(kind: &'static str, id: &'static str, payload: &'static str, fields: &'static [Field]) -> Resource {
    Resource {
        kind,
        id: Source::Path(id),
        payload,
        fields,
        has_body: true,
    }
}

/// The same without a body.
const fn without_body(kind: &'static str, id: &'static str, payload: &'static str, fields: &'static [Field]) -> Resource {
    Resource {
        has_body: false,
        ..with_body(kind, id, payload, fields)
    }
}
