//! The views of a process, as a document.

use crate::asked::AskedView;
use crate::source::Readiness;
use application::Refusal;
use serde::Serialize;

/// Every view that this process builds.
pub(crate) fn views<'v>(views: impl Iterator<Item = &'v AskedView>) -> Result<Vec<u8>, Refusal> {
    #[derive(Serialize)]
    struct Shape<'v> {
        view: &'v str,
        /// Whether it is asked where no version is named.
        current: bool,
        /// Where it is frozen.
        #[serde(skip_serializing_if = "Option::is_none")]
        as_of: Option<String>,
        position: String,
        /// Null where it is ready.
        not_ready: Option<String>,
    }
    #[derive(Serialize)]
    struct Document<'v> {
        views: Vec<Shape<'v>>,
    }
    let shape = |view: &'v AskedView| Shape {
        view: &view.edition,
        current: view.is_current,
        as_of: view.as_of.as_ref().map(ToString::to_string),
        position: view.questions.applied().borrow().position().to_string(),
        not_ready: match view.questions.readiness() {
            Readiness::Ready => None,
            Readiness::NotReady(reason) => Some(reason),
        },
    };
    application::document(&Document {
        views: views.map(shape).collect(),
    })
}
