//! From a path to what it asks for, over the routes of all views.
//!
//! `/accounts` is a route of the current version of the first view that has it, `/views/accounts-2/accounts` of that view and version.

use crate::asked::AskedView;
use crate::changes::{AFTER, KINDS};
use http_server::names_in_path;
use std::borrow::Cow;

/// Routes that the process answers itself. The order is that of [`Table::template`], and of [`Operation`].
const PROCESS: [&str; 7] = [
    "/position",
    "/health/live",
    "/health/ready",
    "/views",
    "/openapi.json",
    "/docs",
    "/changes",
];
/// What the path of a view begins with, and of one of its versions.
const ONE_VIEW: &str = "/views/";
/// The parameter of every question with the least position to answer from.
pub(crate) const AT_LEAST: &str = "at_least";
/// The parameter of every question with the place in the past to answer from.
pub(crate) const AS_OF: &str = "as_of";

/// The routes of some views.
pub(crate) struct Table {
    pub(crate) views: Vec<AskedView>,
    routes: Vec<ViewRoute>,
    /// Of each view what its stream of changes takes in the query.
    changes: Vec<Vec<&'static str>>,
    /// Each once: those of the views, then those of the process.
    pub(crate) templates: Vec<&'static str>,
}

/// One route of one view.
pub(crate) struct ViewRoute {
    pub(crate) view: usize,
    /// Its number within the view.
    pub(crate) number: usize,
    pub(crate) template: &'static str,
    /// What it takes in the query.
    known: Vec<&'static str>,
    /// Of its template.
    index: usize,
}

/// What a path leads to.
pub(crate) enum Target<'t> {
    Operation(Operation),
    /// The position of the view of that number.
    Position(usize),
    /// The changes of the view of that number.
    Changes(usize),
    Question(Question<'t>),
}

/// A route that asks no view, but the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Live,
    Ready,
    Views,
    /// The OpenAPI document.
    OpenApi,
    /// The same as a page.
    Docs,
}

/// A route of a view, with the names in the path.
pub(crate) struct Question<'t> {
    pub(crate) route: &'t ViewRoute,
    pub(crate) names: Vec<(&'static str, Cow<'t, str>)>,
}

impl Table {
    /// # Panics
    /// Without a view, and when a view has a route of the process: it would never be reached.
    pub(crate) fn new(views: Vec<AskedView>) -> Self {
        assert!(!views.is_empty(), "there is no view to ask");
        let (mut routes, mut templates) = (Vec::new(), Vec::new());
        for (view, asked) in views.iter().enumerate() {
            for (number, (template, parameters)) in asked.questions.routes().into_iter().enumerate() {
                let is_taken = PROCESS.contains(&template) || template.starts_with(ONE_VIEW);
                assert!(!is_taken, "{} has the route {template}, which is one of the process", asked.edition);
                let index = templates.iter().position(|known| *known == template).unwrap_or(templates.len());
                if index == templates.len() {
                    templates.push(template);
                }
                routes.push(ViewRoute {
                    view,
                    number,
                    template,
                    known: parameters.iter().copied().chain([AT_LEAST, AS_OF]).collect(),
                    index,
                });
            }
        }
        templates.extend(PROCESS);
        let of_changes = |view: &AskedView| {
            let filters = view.questions.change_parameters();
            filters.into_iter().chain([KINDS, AFTER, AT_LEAST]).collect()
        };
        Self {
            changes: views.iter().map(of_changes).collect(),
            views,
            routes,
            templates,
        }
    }

    /// What a path leads to; `None` where nothing is served.
    pub(crate) fn find<'t>(&'t self, path: &'t str) -> Option<Target<'t>> {
        match path {
            "/health/live" => return Some(Target::Operation(Operation::Live)),
            "/health/ready" => return Some(Target::Operation(Operation::Ready)),
            "/views" => return Some(Target::Operation(Operation::Views)),
            "/openapi.json" => return Some(Target::Operation(Operation::OpenApi)),
            "/docs" => return Some(Target::Operation(Operation::Docs)),
            "/position" => return Some(Target::Position(0)),
            "/changes" => return Some(Target::Changes(0)),
            _ => {}
        }
        let Some(rest) = path.strip_prefix(ONE_VIEW) else {
            return self.question(path, |route| self.views[route.view].is_current);
        };
        let edition = rest.split('/').next().unwrap_or_default();
        let view = self.views.iter().position(|view| view.edition == edition)?;
        match &rest[edition.len()..] {
            "/position" => Some(Target::Position(view)),
            "/changes" => Some(Target::Changes(view)),
            rest => self.question(rest, |route| route.view == view),
        }
    }

    fn question<'t>(&'t self, path: &'t str, is_asked: impl Fn(&ViewRoute) -> bool) -> Option<Target<'t>> {
        if !path.starts_with('/') {
            return None;
        }
        self.routes.iter().filter(|route| is_asked(route)).find_map(|route| {
            let names = names_in_path(route.template, path)?;
            Some(Target::Question(Question { route, names }))
        })
    }

    /// The parameters that a target takes in the query.
    pub(crate) fn known<'t>(&'t self, target: &'t Target<'_>) -> &'t [&'static str] {
        match target {
            Target::Operation(_) => &[],
            Target::Position(_) => &["content_hash", AT_LEAST, AS_OF],
            Target::Changes(view) => &self.changes[*view],
            Target::Question(question) => &question.route.known,
        }
    }

    /// The number of a target's template.
    pub(crate) fn template(&self, target: &Target<'_>) -> usize {
        let of_views = self.templates.len() - PROCESS.len();
        match target {
            Target::Question(question) => question.route.index,
            Target::Position(_) => of_views,
            Target::Operation(operation) => of_views + 1 + *operation as usize,
            Target::Changes(_) => of_views + 6,
        }
    }
}

#[cfg(test)]
mod tests;
