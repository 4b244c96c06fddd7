//! The OpenAPI document and its page.

use super::schedule::islands;
use crate::fixture::{ORIGIN, send};
use application::View as _;
use serde_json::Value;
use views::ScheduleGraph;

#[tokio::test]
async fn every_route_is_documented_with_its_parameters_and_the_schema_of_its_answer() {
    let running = islands().served().await;
    let document = running.get("/openapi.json").await.json();
    for route in ScheduleGraph::ROUTES {
        let operation = &document["paths"][route.template.replace("{+", "{")]["get"];
        assert!(
            operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()),
            "{}",
            route.template
        );
        let parameters: Vec<&Value> = operation["parameters"].as_array().unwrap().iter().collect();
        for name in route.parameters.iter().chain(&["at_least", "pretty", "X-Min-Position"]) {
            let found = parameters.iter().find(|parameter| parameter["name"] == **name);
            let description = found.and_then(|found| found["description"].as_str());
            assert!(description.is_some_and(|text| !text.is_empty()), "{} {name}", route.template);
        }
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        let name = schema.as_str().and_then(|name| name.strip_prefix("#/components/schemas/")).unwrap();
        assert_ne!(name, "Document", "{}: nothing is said of its answer", route.template);
        assert!(document["components"]["schemas"][name].is_object(), "{}: {name}", route.template);
    }
    let of_changes = document["paths"]["/changes"]["get"]["parameters"].as_array().unwrap();
    let of_changes: Vec<&str> = of_changes.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    for filter in ScheduleGraph::CHANGE_FILTERS
        .iter()
        .map(|filter| filter.name)
        .chain(["after", "kinds", "Last-Event-ID"])
    {
        assert!(of_changes.contains(&filter), "{filter}: {of_changes:?}");
    }
    for path in [
        "/position",
        "/views",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/changes",
    ] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_a_listed_origin_may_send_every_header_that_is_documented() {
    let running = islands().served().await;
    let document = running.get("/openapi.json").await.json();
    let mut names = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations["get"]["parameters"].as_array().unwrap().iter();
        for header in parameters.filter(|parameter| parameter["in"] == "header") {
            let name = header["name"].as_str().unwrap().to_ascii_lowercase();
            let preflight = running.request("OPTIONS", &path.replace(['{', '}'], "")).header("origin", ORIGIN);
            let preflight = preflight.header("access-control-request-method", "GET");
            let seen = send(preflight.header("access-control-request-headers", &name)).await;
            let allowed = seen.header("access-control-allow-headers").unwrap_or_default();
            assert!(allowed.split(',').any(|allowed| allowed.trim() == name), "{path} {name}: {allowed}");
            names += 1;
        }
    }
    assert!(names > 20, "{names} headers are documented");
}

#[tokio::test]
async fn every_name_that_the_document_refers_to_is_in_it() {
    let running = islands().served().await;
    let text = running.get("/openapi.json").await.text;
    let document: Value = serde_json::from_str(&text).unwrap();
    let names = text.split("\"#/components/schemas/").skip(1);
    for name in names.filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn the_page_has_every_route_and_nothing_from_another_host() {
    let running = islands().served().await;
    let page = running.get("/docs").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    for route in ScheduleGraph::ROUTES {
        assert!(page.text.contains(&route.template.replace("{+", "{")), "{}", route.template);
    }
    for part in ["http://", "https://", "<script"] {
        assert!(!page.text.contains(part), "{part}");
    }
}
