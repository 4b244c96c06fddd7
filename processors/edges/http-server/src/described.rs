//! The documentation of a route.

/// What a client can know of a route before it asks.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    pub summary: &'static str,
    /// Of the names in the template: rows of other names may be among them.
    pub path: &'static [Parameter],
    pub query: &'static [Parameter],
    /// The names in the query that cannot be left out.
    pub required: &'static [&'static str],
    pub headers: &'static [Parameter],
    pub body: Option<Content>,
    pub replies: &'static [Replies],
}

/// A named value in a path, a query or a header.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub description: &'static str,
    /// JSON Schema.
    pub schema: &'static str,
}

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub struct Content {
    /// The first one is the usual one.
    pub types: &'static [&'static str],
    /// Its name among the schemas of the document.
    pub schema: &'static str,
}

/// Answers of one status.
#[derive(Debug, Clone, Copy)]
pub struct Replies {
    pub status: u16,
    pub description: &'static str,
    /// Of a success: content type, and the name of the schema.
    pub schema: Option<(&'static str, &'static str)>,
}
