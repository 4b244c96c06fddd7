//! From a path to a row, and from all rows to one document.

use super::*;
use crate::body::Body;
use crate::described::{Parameter, Replies};
use crate::openapi::{Api, Documented, document};
use serde_json::{Value, json};
use warp::http::HeaderMap;

const DESCRIBED: Described = Described {
    summary: "A test.",
    path: &[Parameter {
        name: "id",
        description: "Any name.",
        schema: r#"{"type":"string"}"#,
    }],
    query: &[],
    required: &[],
    headers: &[],
    body: None,
    replies: &[Replies {
        status: 200,
        description: "Done.",
        schema: None,
    }],
};

fn routes() -> Vec<Route<u32>> {
    let route = |method, template, action| Route {
        method,
        template,
        action,
        described: DESCRIBED,
    };
    vec![
        route(Method::GET, "/things/{id}", 1),
        route(Method::DELETE, "/things/{id}", 2),
        route(Method::POST, "/things/{id}/parts", 3),
        route(Method::GET, "/trees/{+id}", 4),
    ]
}

fn asked(method: Method, path: &str) -> Result<(u32, String), Value> {
    let (routes, headers, body) = (routes(), HeaderMap::new(), Body::default());
    let request = Request {
        method: &method,
        path,
        query: "",
        headers: &headers,
        body: &body,
    };
    find(&routes, &request)
        .map(|found| (found.route.action, found.value("id").to_owned()))
        .map_err(|problem| serde_json::from_slice(&problem.body()).unwrap())
}

#[test]
fn a_path_and_a_method_lead_to_one_row_with_its_names_decoded() {
    assert_eq!(asked(Method::GET, "/things/a%2Fb"), Ok((1, "a/b".to_owned())));
    assert_eq!(asked(Method::HEAD, "/things/a"), Ok((1, "a".to_owned())));
    assert_eq!(asked(Method::DELETE, "/things/a"), Ok((2, "a".to_owned())));
    assert_eq!(asked(Method::POST, "/things/a/parts"), Ok((3, "a".to_owned())));
}

#[test]
fn a_path_that_is_served_by_other_methods_names_them() {
    let problem = asked(Method::PUT, "/things/a").unwrap_err();
    assert_eq!(
        (&problem["status"], &problem["allowed"]),
        (&json!(405), &json!(["GET", "HEAD", "DELETE", "OPTIONS"]))
    );
}

#[test]
fn a_path_of_no_row_names_the_templates() {
    for path in [
        "/",
        "/things",
        "/things/",
        "/things/a/",
        "/things/a/parts/b",
        "/things/%ff",
        "things",
    ] {
        let problem = asked(Method::GET, path).unwrap_err();
        assert_eq!(problem["status"], 404, "{path}");
        assert_eq!(problem["routes"], json!(["/things/{id}", "/things/{id}/parts", "/trees/{+id}"]));
    }
}

#[test]
fn the_document_has_every_row_with_its_parameters_and_answers() {
    let api = Api {
        title: "Things",
        version: "1",
        description: "",
        schemas: json!({}),
        documented: Documented::WithoutTokens,
    };
    let document = document(&api, &routes());
    assert_eq!(document["openapi"], "3.1.0");
    let path = &document["paths"]["/things/{id}"];
    assert_eq!(path["get"]["parameters"][0]["in"], "path");
    assert_eq!(path["delete"]["responses"]["200"]["description"], "Done.");
    assert!(document["paths"]["/things/{id}/parts"]["post"].is_object());
}

#[test]
#[should_panic(expected = "nothing is said of {id}")]
fn a_name_in_a_path_that_is_not_described_is_a_bug_of_the_table() {
    let mut routes = routes();
    routes[0].described.path = &[];
    let api = Api {
        title: "Things",
        version: "1",
        description: "",
        schemas: json!({}),
        documented: Documented::WithoutTokens,
    };
    document(&api, &routes);
}

#[test]
fn a_name_at_the_end_can_have_slashes_which_are_encoded_or_not() {
    assert_eq!(asked(Method::GET, "/trees/a/b%20c/d"), Ok((4, "a/b c/d".to_owned())));
    assert_eq!(asked(Method::GET, "/trees/a%2Fb"), Ok((4, "a/b".to_owned())));
    assert!(asked(Method::GET, "/trees/").is_err() && asked(Method::GET, "/trees").is_err());
    assert!(asked(Method::GET, "/trees/a/%zz").is_err());
    let api = Api {
        title: "Test",
        version: "1",
        description: "",
        schemas: json!({}),
        documented: Documented::WithoutTokens,
    };
    assert_eq!(
        document(&api, &routes())["paths"]["/trees/{id}"]["get"]["parameters"][0]["name"],
        "id"
    );
}
