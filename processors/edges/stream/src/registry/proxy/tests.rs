//! Which proxy is on the way, and how it is named.

use super::*;

fn among(url: &str, given: &[(&str, &str)]) -> Option<String> {
    let variable = |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Proxy::among(&Url::parse(url).unwrap(), variable).map(|proxy| proxy.to_string())
}

#[test]
fn this_machine_is_asked_without_a_proxy() {
    let given = [
        ("HTTP_PROXY", "http://proxy.example:3128"),
        ("all_proxy", "http://proxy.example:3128"),
    ];
    for here in [
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:8080",
        "http://127.8.8.8",
        "https://a.localhost",
    ] {
        assert_eq!(among(here, &given), None, "{here}");
    }
    for elsewhere in [
        "http://10.0.0.1:8080",
        "http://localhost.example",
        "http://example.org",
        "http://[::2]",
    ] {
        assert!(among(elsewhere, &given).is_some(), "{elsewhere}");
    }
}

#[test]
fn a_proxy_is_named_with_its_variable_and_without_its_secret() {
    let given = [("HTTP_PROXY", "http://user:secret@proxy.example:3128")];
    let named = among("http://example.org", &given).unwrap();
    assert!(named.starts_with("the proxy proxy.example:3128 (set by HTTP_PROXY;"), "{named}");
    assert_eq!(among("https://example.org", &given), None);
    assert_eq!(among("http://example.org", &[("HTTP_PROXY", "")]), None);
    assert!(among("https://example.org", &[("all_proxy", "x")]).is_some());
}
