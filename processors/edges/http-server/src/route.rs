//! Routes as a table: which request leads where, which parameters it may have, and what is documented of it.

use crate::described::Described;
use crate::parameters::{Parameters, percent_decode};
use crate::problem::Problem;
use crate::request::Request;
use std::borrow::Cow;
use warp::http::Method;

/// One thing that can be asked of a service. Routing, the check of parameters, the labels of metrics and the OpenAPI document follow from
/// its row.
#[derive(Debug)]
pub struct Route<A: 'static> {
    /// A route of GET answers HEAD, too.
    pub method: Method,
    /// Such as `/accounts/{id}/transfers`; each name in braces is a parameter of the path.
    pub template: &'static str,
    /// What the service does with it.
    pub action: A,
    pub described: Described,
}

/// A route that a request leads to, with the names in its path.
#[derive(Debug)]
pub struct Found<'r, A: 'static> {
    /// Within the table.
    pub index: usize,
    pub route: &'r Route<A>,
    values: Vec<Cow<'r, str>>,
}

/// Finds the route of a request.
///
/// # Errors
/// A problem for the client: 404 where nothing is served at the path, 405 where something is, by other methods.
pub fn find<'r, A>(routes: &'r [Route<A>], request: &Request<'r>) -> Result<Found<'r, A>, Problem> {
    let method = match *request.method {
        Method::HEAD => &Method::GET,
        _ => request.method,
    };
    for (index, route) in routes.iter().enumerate() {
        if route.method == *method
            && let Some(values) = matched(route.template, request.path)
        {
            return Ok(Found { index, route, values });
        }
    }
    let allowed = methods(routes, request.path);
    if !allowed.is_empty() {
        return Err(Problem::method_not_among(request.method.as_str(), &allowed));
    }
    let mut templates: Vec<&'static str> = routes.iter().map(|route| route.template).collect();
    templates.dedup();
    Err(Problem::no_such_route(request.path, &templates))
}

/// The methods that some route has at a path; none where nothing is served at it.
pub fn methods<A>(routes: &[Route<A>], path: &str) -> Vec<&'static str> {
    let at_path = routes.iter().filter(|route| matched(route.template, path).is_some());
    let mut methods: Vec<&'static str> = at_path.flat_map(|route| names(&route.method)).copied().collect();
    if !methods.is_empty() {
        methods.push("OPTIONS");
    }
    methods
}

impl<A> Found<'_, A> {
    /// The value of a name in the path; empty where the template does not have it.
    pub fn value(&self, name: &str) -> &str {
        let found = parameters_of(self.route.template)
            .zip(&self.values)
            .find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The parameters of the query, all of which the route knows.
    ///
    /// # Errors
    /// A problem for the client, as [`Parameters::parse`] has it.
    pub fn query<'q>(&self, request: &Request<'q>) -> Result<Parameters<'q>, Problem> {
        let known: Vec<&'static str> = self.route.described.query.iter().map(|parameter| parameter.name).collect();
        Parameters::parse(request.query, &known)
    }
}

fn names(method: &Method) -> &'static [&'static str] {
    match method.as_str() {
        "GET" => &["GET", "HEAD"],
        "POST" => &["POST"],
        "PUT" => &["PUT"],
        "PATCH" => &["PATCH"],
        "DELETE" => &["DELETE"],
        _ => &[],
    }
}

/// The values of the names in a template, where the path is one of it. An empty segment names nothing. A name in a last segment such as
/// `{+id}` is all that is left of the path, slashes included.
fn matched<'p>(template: &'static str, path: &'p str) -> Option<Vec<Cow<'p, str>>> {
    let (mut wanted, mut given) = (segments(template), segments(path));
    let mut values = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(first)) if wanted.starts_with(REST) => {
                let rest: Vec<&str> = std::iter::once(first).chain(given).collect();
                let rest = rest.join("/");
                let value = percent_decode(&rest).filter(|value| !value.is_empty())?;
                values.push(Cow::Owned(value.into_owned()));
                return Some(values);
            }
            (Some(wanted), Some(given)) => match parameter_of(wanted) {
                Some(_) => values.push(percent_decode(given).filter(|value| !value.is_empty())?),
                None if wanted == given => {}
                None => return None,
            },
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}

/// The names in a path with their values, decoded, where the path is one of the template. An empty segment names nothing.
pub fn names_in_path<'p>(template: &'static str, path: &'p str) -> Option<Vec<(&'static str, Cow<'p, str>)>> {
    let values = matched(template, path)?;
    Some(parameters_of(template).zip(values).collect())
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

/// The names in a template.
pub fn parameters_of(template: &'static str) -> impl Iterator<Item = &'static str> {
    segments(template).filter_map(parameter_of)
}

fn parameter_of(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.strip_prefix('+').unwrap_or(name))
}

/// What the last segment of a template begins with whose value may have slashes in it (RFC 6570, 2.4.1 and 3.2.3).
const REST: &str = "{+";

#[cfg(test)]
mod tests;
