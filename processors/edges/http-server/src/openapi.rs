//! The OpenAPI document (3.1) of a table of routes.

use crate::described::{Parameter, Replies};
use crate::route::{Route, parameters_of};
use crate::shaping;
use serde_json::{Map, Value, json};

/// Whether the routes of a service want to know who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documented {
    WithoutTokens,
    /// By bearer tokens.
    WithTokens,
}

/// A service as a whole.
#[derive(Debug)]
pub struct Api {
    pub title: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    /// By name.
    pub schemas: Value,
    pub documented: Documented,
}

const PROBLEM: &str = r#"{"type":"object","description":"A problem document (RFC 9457); further members depend on the type.",
"required":["type","title","status","detail"],"properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},
"detail":{"type":"string"}},"additionalProperties":true}"#;

/// Of every route: the server takes it before a route sees the query.
const PRETTY: Parameter = Parameter {
    name: shaping::PRETTY,
    description: "Whether JSON is indented, for people.",
    schema: r#"{"type":"boolean"}"#,
};

/// The document of these routes.
///
/// # Panics
/// On a table that is wrong in itself: a schema that is no JSON, or a name in a path that is not described.
pub fn document<A>(api: &Api, routes: &[Route<A>]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        // A value with slashes can be percent-encoded, which is all that the document can say of it.
        let path = paths.entry(route.template.replace("{+", "{")).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    let mut schemas = api.schemas.clone();
    schemas["Problem"] = parsed(PROBLEM);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": api.title, "version": api.version, "description": api.description },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    if api.documented == Documented::WithTokens {
        document["components"]["securitySchemes"] = json!({ "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } });
        document["security"] = json!([{ "token": [] }]);
    }
    document
}

fn operation<A>(route: &Route<A>) -> Value {
    let described = &route.described;
    let of_path = parameters_of(route.template).map(|name| {
        let found = described.path.iter().find(|parameter| parameter.name == name);
        let found = found.unwrap_or_else(|| panic!("{}: nothing is said of {{{name}}}", route.template));
        parameter("path", found, true)
    });
    let of_query = described
        .query
        .iter()
        .map(|query| parameter("query", query, described.required.contains(&query.name)));
    let of_form = [parameter("query", &PRETTY, false)];
    let of_headers = described.headers.iter().map(|header| parameter("header", header, false));
    let parameters: Vec<Value> = of_path.chain(of_query).chain(of_form).chain(of_headers).collect();
    let mut responses = Map::new();
    for reply in described.replies {
        responses.insert(reply.status.to_string(), response(reply));
    }
    // Whatever else a server may say of a request that it does not take, such as 405, 431 or 501.
    responses.insert("default".to_owned(), problem("Any other problem."));
    let mut operation = json!({ "summary": described.summary, "parameters": parameters, "responses": responses });
    if let Some(body) = &described.body {
        let schema = reference(body.schema);
        let content: Map<String, Value> = body
            .types
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "schema": schema })))
            .collect();
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn parameter(place: &str, parameter: &Parameter, is_required: bool) -> Value {
    json!({
        "name": parameter.name,
        "in": place,
        "required": is_required,
        "description": parameter.description,
        "schema": parsed(parameter.schema),
    })
}

fn response(replies: &Replies) -> Value {
    let (content_type, schema) = match replies.schema {
        Some((content_type, schema)) => (content_type, reference(schema)),
        None if replies.status >= 400 => return problem(replies.description),
        None => return json!({ "description": replies.description }),
    };
    json!({ "description": replies.description, "content": { content_type: { "schema": schema } } })
}

fn problem(description: &str) -> Value {
    json!({ "description": description, "content": { "application/problem+json": { "schema": reference("Problem") } } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn parsed(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_else(|error| panic!("{schema}: {error}"))
}
