//! The OpenAPI document of the service, from the routes of its views and what they say of them.

use crate::asked::AskedView;
use crate::changes::{AFTER, KINDS};
use crate::table::{AS_OF, AT_LEAST};
use http_server::{Api, Described, Documented, Method, Parameter, Replies, Route, document, parameters_of};
use serde_json::{Map, Value, json};

const JSON: &str = "application/json";
const TEXT: &str = r#"{"type":"string"}"#;
const POSITION: &str = r#"{"type":"string","pattern":"^[0-9]+:[0-9]+(,[0-9]+:[0-9]+)*$"}"#;
const FLAG: &str = r#"{"type":"boolean"}"#;
/// The schema of a document that nothing is said of.
const ANY_DOCUMENT: &str = "Document";

const LEAST: Parameter = Parameter {
    name: AT_LEAST,
    description: "The least position to answer from, which is waited for: partition:sequence pairs, such as the position of an outcome.",
    schema: POSITION,
};
const PAST: Parameter = Parameter {
    name: AS_OF,
    description: "The position, or the time, that the view has to be frozen at.",
    schema: POSITION,
};
const HEADERS: [Parameter; 2] = [
    Parameter {
        name: "X-Min-Position",
        description: "As at_least; where both are there, both hold.",
        schema: POSITION,
    },
    Parameter {
        name: "If-None-Match",
        description: "The ETag of an earlier answer, which is not sent again as long as the view is at the same position.",
        schema: TEXT,
    },
];

const fn replies(status: u16, description: &'static str) -> Replies {
    Replies {
        status,
        description,
        schema: None,
    }
}

const fn success(schema: &'static str, description: &'static str) -> Replies {
    Replies {
        status: 200,
        description,
        schema: Some((JSON, schema)),
    }
}

const UNCHANGED: Replies = replies(304, "The client has this answer already.");
const BAD: Replies = replies(
    400,
    "A parameter, a header or a name in the path cannot be read: the detail says what is expected.",
);
const NO_TOKEN: Replies = replies(401, "The client has to say who it is, by a token that holds.");
const FORBIDDEN: Replies = replies(403, "The token gives neither of the roles viewer and planner.");
const NOT_FOUND: Replies = replies(404, "There is no such thing at this position.");
const TOO_MUCH: Replies = replies(
    422,
    "The answer would take more than it may: the detail says what to ask for instead.",
);
const UNAVAILABLE: Replies = replies(
    503,
    "The view is being built, has not come to the least position in time, or there is too much to do.",
);

/// The document of these views, those that are asked where no version is named.
///
/// # Panics
/// Where what a view says of its routes is no JSON: a bug of that view.
pub(crate) fn openapi(views: &[AskedView], documented: Documented) -> Value {
    let mut schemas = own_schemas();
    let mut routes: Vec<Route<()>> = Vec::new();
    for view in views.iter().filter(|view| view.is_current) {
        let said: Value = serde_json::from_str(view.questions.described())
            .unwrap_or_else(|error| panic!("{}: what it says of its routes is no JSON: {error}", view.edition));
        for (name, schema) in said["schemas"].as_object().into_iter().flatten() {
            schemas.entry(name).or_insert_with(|| schema.clone());
        }
        for (template, parameters) in view.questions.routes() {
            if routes.iter().all(|route| route.template != template) {
                routes.push(question(template, parameters, &said));
            }
        }
    }
    routes.extend(process_routes());
    routes.extend(views.first().map(|view| changes_route(&view.questions.change_parameters())));
    let api = Api {
        title: "Aerolog query service",
        version: env!("CARGO_PKG_VERSION"),
        description: "Questions about views, each answered from one snapshot, whose position is in the header X-Position. A path of one version of a view \
                      begins with /views/ and its name, which /views lists, such as /views/schedule-graph-3/rotations.",
        schemas: Value::Object(schemas),
        documented,
    };
    document(&api, &routes)
}

/// The routes of the process, as people and programs know them.
fn process_routes() -> [Route<()>; 6] {
    const POSITION_QUERY: &[Parameter] = &[
        Parameter {
            name: "content_hash",
            description: "Whether a hash of the whole view is worked out: equal for two replicas at one position.",
            schema: FLAG,
        },
        LEAST,
        PAST,
    ];
    const POSITIONS: &[Replies] = &[
        success("Position", "The position."),
        UNCHANGED,
        BAD,
        NO_TOKEN,
        FORBIDDEN,
        NOT_FOUND,
        UNAVAILABLE,
    ];
    const VIEWS: &[Replies] = &[success("Views", "All of them."), BAD, NO_TOKEN, FORBIDDEN];
    const STATUS: &[Replies] = &[success("Status", "It is."), BAD, UNAVAILABLE];
    const DOCUMENT: &[Replies] = &[success(ANY_DOCUMENT, "OpenAPI 3.1."), BAD];
    const PAGE: &[Replies] = &[
        Replies {
            status: 200,
            description: "HTML.",
            schema: Some(("text/html; charset=utf-8", "Text")),
        },
        BAD,
    ];
    [
        process_route("/position", "How far the view has come.", POSITION_QUERY, &HEADERS, POSITIONS),
        process_route("/views", "The views of this process.", &[], &[], VIEWS),
        process_route("/health/live", "Whether the process lives.", &[], &[], STATUS),
        process_route("/health/ready", "Whether questions should be sent here.", &[], &[], STATUS),
        process_route("/openapi.json", "This document.", &[], &[], DOCUMENT),
        process_route("/docs", "This document as a page for people.", &[], &[], PAGE),
    ]
}

/// The stream of what changes in the first view, whose filters these are.
fn changes_route(filters: &[&'static str]) -> Route<()> {
    const AND_ELSE: [Parameter; 3] = [
        Parameter {
            name: AFTER,
            description: "The position after which to begin; without it, now.",
            schema: POSITION,
        },
        Parameter {
            name: KINDS,
            description: "Only changes of these kinds, with commas between.",
            schema: TEXT,
        },
        LEAST,
    ];
    let filters = filters.iter().map(|name| Parameter {
        name,
        description: "Only changes that are about one of these, with commas between.",
        schema: TEXT,
    });
    let query: Vec<Parameter> = filters.chain(AND_ELSE).collect();
    const LAST_EVENT_ID: &[Parameter] = &[Parameter {
        name: "Last-Event-ID",
        description: "The id of the last message that the client has seen; it goes before after.",
        schema: POSITION,
    }];
    const CHANGES: &[Replies] = &[
        Replies {
            status: 200,
            description: "Server-sent events, without end. Where a token is needed, the last one is token-expired, when that has expired: connect \
                          again with a new one and Last-Event-ID.",
            schema: Some(("text/event-stream", "Text")),
        },
        BAD,
        NO_TOKEN,
        FORBIDDEN,
        UNAVAILABLE,
    ];
    process_route(
        "/changes",
        "What the view applies, as it is applied.",
        query.leak(),
        LAST_EVENT_ID,
        CHANGES,
    )
}

fn process_route(
    template: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    headers: &'static [Parameter],
    replies: &'static [Replies],
) -> Route<()> {
    Route {
        method: Method::GET,
        template,
        action: (),
        described: Described {
            summary,
            path: &[],
            query,
            required: &[],
            headers,
            body: None,
            replies,
        },
    }
}

fn own_schemas() -> Map<String, Value> {
    let schemas = json!({
        ANY_DOCUMENT: { "type": "object" },
        "Text": { "type": "string" },
        "Status": { "type": "object", "required": ["status"], "properties": { "status": { "type": "string", "enum": ["live", "ready"] } } },
        "Position": {
            "type": "object",
            "required": ["position", "partitions"],
            "properties": {
                "position": { "type": "string" },
                "partitions": { "type": "object", "additionalProperties": { "type": "integer" } },
                "content_hash": { "type": "string" },
            },
        },
        "Views": {
            "type": "object",
            "required": ["views"],
            "properties": { "views": { "type": "array", "items": {
                "type": "object",
                "required": ["view", "current", "position", "not_ready"],
                "properties": {
                    "view": { "type": "string" },
                    "current": { "type": "boolean", "description": "Whether it is asked where no version is named." },
                    "position": { "type": "string" },
                    "not_ready": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                },
            } } },
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

/// A route of a view. The texts are made once, and live as long as the process.
fn question(template: &'static str, parameters: &'static [&'static str], said: &Value) -> Route<()> {
    let own = &said["routes"][template];
    let described = |name: &'static str| {
        let found = [&own["parameters"][name], &said["parameters"][name]]
            .into_iter()
            .find(|found| found.is_object());
        Parameter {
            name,
            description: found.and_then(|found| found["description"].as_str()).map_or("", leaked),
            schema: found.map_or(TEXT, |found| leaked(&found["schema"].to_string())),
        }
    };
    let path: Vec<Parameter> = parameters_of(template).map(described).collect();
    let query: Vec<Parameter> = parameters.iter().copied().map(described).chain([LEAST, PAST]).collect();
    let required = own["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<&'static str> = required.map(leaked).collect();
    let answer = own["answer"].as_str().map_or(ANY_DOCUMENT, leaked);
    Route {
        method: Method::GET,
        template,
        action: (),
        described: Described {
            summary: own["summary"].as_str().map_or("", leaked),
            path: path.leak(),
            query: query.leak(),
            required: required.leak(),
            headers: &HEADERS,
            body: None,
            replies: vec![
                success(
                    answer,
                    "The answer. X-Position: the position that it was made from; ETag: its version.",
                ),
                UNCHANGED,
                BAD,
                NO_TOKEN,
                FORBIDDEN,
                NOT_FOUND,
                TOO_MUCH,
                UNAVAILABLE,
            ]
            .leak(),
        },
    }
}

fn leaked(text: &str) -> &'static str {
    text.to_owned().leak()
}
