//! Every route of the gateway: those of commands of any domain, and the resources.

use crate::airline::ROWS;
use crate::resources::{Resource, Source};
use http_server::{Content, Described, Method, Parameter, Replies, Route};

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// One command, or a stream of them.
    Send,
    /// The outcome of a command that was sent before.
    Outcome,
    Resource(&'static Resource),
    OpenApi,
    Page,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const JSON_LINES: &str = "application/x-ndjson";
const HTML: &str = "text/html; charset=utf-8";
/// The parameter that says which aggregate's command is meant.
pub(crate) const AGGREGATE_ID: &str = "aggregate_id";

const TEXT: &str = r#"{"type":"string","minLength":1}"#;
pub(crate) const REGISTRATION: &str = r#"{"type":"string","pattern":"^[A-Z0-9-]{2,10}$"}"#;
pub(crate) const AIRPORT: &str = r#"{"type":"string","pattern":"^[A-Z]{3}$"}"#;
pub(crate) const ID: &str = r#"{"type":"string","pattern":"^[A-Za-z0-9._:-]{1,64}$"}"#;
pub(crate) const AGGREGATE: &str =
    r#"{"type":"string","pattern":"^(airport/[A-Z]{3}|airplane/[A-Z0-9-]{2,10}|rotation/[A-Za-z0-9._:-]{1,64})$"}"#;
const UUID: &str = r#"{"type":"string","format":"uuid"}"#;

const OUTCOME: Option<(&str, &str)> = Some((JSON, "Outcome"));
const PATH: [Parameter; 5] = [
    Parameter {
        name: "id",
        description: "The id of the rotation.",
        schema: ID,
    },
    Parameter {
        name: "registration",
        description: "The registration of the airplane.",
        schema: REGISTRATION,
    },
    Parameter {
        name: "code",
        description: "The IATA code of the airport.",
        schema: AIRPORT,
    },
    Parameter {
        name: "leg",
        description: "The id of the leg within its rotation.",
        schema: ID,
    },
    Parameter {
        name: "command_id",
        description: "The id of the command.",
        schema: UUID,
    },
];
const PREFER: Parameter = Parameter {
    name: "Prefer",
    description: "wait=N: how many seconds to wait for the outcome, 30 at most. respond-async: do not wait.",
    schema: r#"{"type":"string"}"#,
};
const KEY: Parameter = Parameter {
    name: "Idempotency-Key",
    description: "The command id. The same request with the same key is decided once and answered alike; another one is refused.",
    schema: UUID,
};
const IF_MATCH: Parameter = Parameter {
    name: "If-Match",
    description: "The ETag of an earlier answer: the aggregate's version, without which the command is refused.",
    schema: r#"{"type":"string","pattern":"^\"[0-9]+\"$"}"#,
};
const TRACE: Parameter = Parameter {
    name: "traceparent",
    description: "W3C trace context, passed on to the events and the outcome.",
    schema: r#"{"type":"string"}"#,
};

const fn replies(status: u16, description: &'static str) -> Replies {
    Replies {
        status,
        description,
        schema: None,
    }
}

const ACCEPTED: Replies = Replies {
    status: 200,
    description: "Accepted. X-Position: the position from which on a view shows it; ETag: the aggregate's version.",
    schema: OUTCOME,
};
const PENDING: Replies = Replies {
    status: 202,
    description: "Written, and not decided in the time that was to be waited. Location: where its outcome can be asked for.",
    schema: Some((JSON, "Pending")),
};
const NO_COMMAND: Replies = replies(400, "No command. Nothing was written.");
const NO_TOKEN: Replies = replies(401, "The client has to say who it is, by a token that holds.");
const FORBIDDEN: Replies = replies(403, "The client may not do this.");
const TIMEOUT: Replies = replies(408, "The body did not come in time.");
const TOO_LARGE: Replies = replies(413, "The body has more than 524,288 bytes.");
const MEDIA_TYPE: Replies = replies(415, "The body has a content type that is not read here.");
const REJECTED: Replies = replies(422, "Rejected: rule, message and facts say why.");
const BUSY: Replies = replies(429, "Too many commands wait for their outcomes already. Nothing was written.");
const UNAVAILABLE: Replies = replies(
    503,
    "The log cannot be reached, or the outcome is not known: the detail says whether something was written.",
);

const OF_COMMANDS: &[Replies] = &[
    ACCEPTED,
    PENDING,
    NO_COMMAND,
    NO_TOKEN,
    FORBIDDEN,
    TIMEOUT,
    replies(409, "The aggregate is at another version than the command expects."),
    TOO_LARGE,
    MEDIA_TYPE,
    REJECTED,
    BUSY,
    UNAVAILABLE,
];
const OF_RESOURCES: &[Replies] = &[
    ACCEPTED,
    PENDING,
    NO_COMMAND,
    NO_TOKEN,
    FORBIDDEN,
    TIMEOUT,
    replies(412, "The aggregate is at another version than If-Match says."),
    TOO_LARGE,
    MEDIA_TYPE,
    REJECTED,
    BUSY,
    UNAVAILABLE,
];

const OF_OUTCOMES: &[Replies] = &[
    ACCEPTED,
    replies(400, "The path or the query cannot be read."),
    NO_TOKEN,
    FORBIDDEN,
    replies(404, "No outcome of this command is known, or no longer."),
    replies(409, "The aggregate was at another version than the command expected."),
    REJECTED,
    BUSY,
    UNAVAILABLE,
];

/// The table that routing, the check of parameters, metrics and the OpenAPI document follow from.
pub(crate) fn routes() -> Vec<Route<Action>> {
    let mut routes = vec![
        Route {
            method: Method::POST,
            template: "/commands",
            action: Action::Send,
            described: Described {
                summary: "Sends a command, and answers with its outcome. As application/x-ndjson: a command a line, answered in order, a line each; \
                          where the token expires meanwhile, the last line has the status 401 and says from which line on nothing was read.",
                path: &PATH,
                query: &[],
                required: &[],
                headers: &[PREFER, KEY, TRACE],
                body: Some(Content {
                    types: &[JSON, JSON_LINES],
                    schema: "Command",
                }),
                replies: OF_COMMANDS,
            },
        },
        Route {
            method: Method::GET,
            template: "/commands/{command_id}",
            action: Action::Outcome,
            described: Described {
                summary: "The outcome of a command that was sent before, by anyone.",
                path: &PATH,
                query: &[Parameter {
                    name: AGGREGATE_ID,
                    description: "The aggregate of the command: another one may know the same command id.",
                    schema: AGGREGATE,
                }],
                required: &[],
                headers: &[PREFER],
                body: None,
                replies: OF_OUTCOMES,
            },
        },
    ];
    routes.extend(documents());
    routes.extend(ROWS.iter().map(|row| Route {
        method: row.method.clone(),
        template: row.template,
        action: Action::Resource(&row.resource),
        described: Described {
            summary: row.summary,
            path: &PATH,
            query: query_of(&row.resource),
            required: if query_of(&row.resource).is_empty() { &[] } else { &["leg_ids"] },
            headers: &[PREFER, KEY, IF_MATCH, TRACE],
            body: row.body.map(|schema| Content { types: &[JSON], schema }),
            replies: OF_RESOURCES,
        },
    }));
    routes
}

/// What the service says of itself, to programs and to people.
fn documents() -> [Route<Action>; 2] {
    const OPENAPI: &[Replies] = &[Replies {
        status: 200,
        description: "OpenAPI 3.1.",
        schema: Some((JSON, "Document")),
    }];
    const PAGE: &[Replies] = &[Replies {
        status: 200,
        description: "HTML.",
        schema: Some((HTML, "Text")),
    }];
    let route = |template, action, summary, replies| Route {
        method: Method::GET,
        template,
        action,
        described: Described {
            summary,
            path: &[],
            query: &[],
            required: &[],
            headers: &[],
            body: None,
            replies,
        },
    };
    [
        route("/openapi.json", Action::OpenApi, "This document.", OPENAPI),
        route("/docs", Action::Page, "This document as a page for people.", PAGE),
    ]
}

/// The labels of metrics, in the order of the table.
pub(crate) fn labels(routes: &[Route<Action>]) -> Vec<&'static str> {
    // They are registered once, and live as long as the process.
    let label = |route: &Route<Action>| -> &'static str { format!("{} {}", route.method, route.template).leak() };
    routes.iter().map(label).collect()
}

fn query_of(resource: &Resource) -> &'static [Parameter] {
    const LEG_IDS: &[Parameter] = &[Parameter {
        name: "leg_ids",
        description: "The ids of the legs, with commas between them.",
        schema: TEXT,
    }];
    let asks = resource.fields.iter().any(|field| field.source == Source::Query("leg_ids"));
    if asks { LEG_IDS } else { &[] }
}
