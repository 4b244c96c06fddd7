//! An OpenAPI document as a page for people: plain HTML without scripts, and without anything from another host.

use serde_json::{Map, Value};
use std::fmt::Write;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem;font-size:1.1rem}code,pre{font-family:ui-monospace,monospace;font-size:.9em}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #ddd;padding:.3rem .5rem;text-align:left;vertical-align:top}\
pre{background:#f5f5f5;padding:.7rem;overflow:auto}.m{display:inline-block;min-width:4rem;font-weight:bold}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}pre{background:#222}td,th{border-color:#444}a{color:#8bf}}";

/// The page of a document that [`document`](crate::document) has made.
pub fn page(document: &Value) -> String {
    let info = &document["info"];
    let mut html = String::new();
    let title = escaped(text(&info["title"]));
    // Writing to a text cannot fail.
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{}</p>\n\
         <p>Version {}. For programs: <a href=\"openapi.json\">openapi.json</a>.</p>\n",
        escaped(text(&info["description"])),
        escaped(text(&info["version"])),
    );
    let empty = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&empty);
    contents(&mut html, paths);
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap_or(&empty) {
            section(&mut html, path, method, operation);
        }
    }
    html.push_str("<h2 id=\"schemas\">Schemas</h2>\n");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap_or(&empty) {
        let name = escaped(name);
        let _ = writeln!(
            html,
            "<h3 id=\"schema-{name}\">{name}</h3>\n<pre>{}</pre>",
            escaped(&format!("{schema:#}"))
        );
    }
    html.push_str("</body></html>\n");
    html
}

fn contents(html: &mut String, paths: &Map<String, Value>) {
    html.push_str("<ul>\n");
    for (path, methods) in paths {
        for method in methods.as_object().into_iter().flat_map(Map::keys) {
            let _ = writeln!(
                html,
                "<li><a href=\"#{}\"><span class=\"m\">{}</span> <code>{}</code></a></li>",
                anchor(path, method),
                escaped(&method.to_uppercase()),
                escaped(path)
            );
        }
    }
    html.push_str("</ul>\n");
}

fn section(html: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = writeln!(
        html,
        "<h2 id=\"{}\"><span class=\"m\">{}</span> <code>{}</code></h2>\n<p>{}</p>",
        anchor(path, method),
        escaped(&method.to_uppercase()),
        escaped(path),
        escaped(text(&operation["summary"]))
    );
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>parameter</th><th>in</th><th>meaning</th><th>schema</th></tr>\n");
        for parameter in parameters {
            let _ = writeln!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                escaped(text(&parameter["name"])),
                escaped(text(&parameter["in"])),
                escaped(text(&parameter["description"])),
                escaped(&parameter["schema"].to_string())
            );
        }
        html.push_str("</table>\n");
    }
    for (content_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let _ = writeln!(
            html,
            "<p>Body: <code>{}</code>, {}</p>",
            escaped(content_type),
            link(&content["schema"])
        );
    }
    html.push_str("<table><tr><th>status</th><th>meaning</th><th>body</th></tr>\n");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let bodies = response["content"].as_object().into_iter().flatten();
        let bodies: Vec<String> = bodies
            .map(|(content_type, content)| format!("<code>{}</code> {}", escaped(content_type), link(&content["schema"])))
            .collect();
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(status),
            escaped(text(&response["description"])),
            bodies.join("<br>")
        );
    }
    html.push_str("</table>\n");
}

fn anchor(path: &str, method: &str) -> String {
    let place: String = path
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    format!("{method}{place}")
}

/// A link to a schema that has a name.
fn link(schema: &Value) -> String {
    let name = text(&schema["$ref"]).rsplit('/').next().unwrap_or_default();
    match name {
        "" => String::new(),
        name => format!("<a href=\"#schema-{0}\">{0}</a>", escaped(name)),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
