//! The OpenAPI document and its page.

use super::schedule::islands;
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
    for path in [
        "/position",
        "/views",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/changes",
    ] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
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
