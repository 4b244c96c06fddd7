//! Which changes a follower asks for.

use application::{Asked, Change, ChangeFilter, Refusal};

/// The parameter with the position after which to begin; the header `Last-Event-ID` of a client that connects again goes before it.
pub(crate) const AFTER: &str = "after";
/// The parameter with the kinds of changes.
pub(crate) const KINDS: &str = "kinds";
/// Values of one parameter.
const VALUES_MAX: usize = 100;

/// Each condition holds where the change is about one of its values.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangeQuery {
    kinds: Vec<String>,
    about: Vec<(&'static str, Vec<String>)>,
}

impl ChangeQuery {
    /// # Errors
    /// A refusal that names the parameter and what was expected.
    pub(crate) fn read(asked: &Asked<'_>, filters: &[ChangeFilter], kinds: &[&str]) -> Result<Self, Refusal> {
        let mut query = Self {
            kinds: asked.parameter(KINDS, |text| known(text, kinds))?.unwrap_or_default(),
            about: Vec::new(),
        };
        for ChangeFilter { name, check } in filters {
            if let Some(values) = asked.parameter(name, |text| values(text, *check))? {
                query.about.push((name, values));
            }
        }
        Ok(query)
    }

    pub(crate) fn is_open(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn holds(&self, change: &Change) -> bool {
        let is_kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == change.kind);
        is_kind && self.about.iter().all(|(name, values)| change.is_about(name, values))
    }
}

fn known(text: &str, kinds: &[&str]) -> Result<Vec<String>, String> {
    let given: Vec<String> = text.split(',').map(str::to_owned).collect();
    if given.iter().all(|kind| kinds.contains(&kind.as_str())) && given.len() <= VALUES_MAX {
        return Ok(given);
    }
    Err(format!("names with commas between, of {}", kinds.join(", ")))
}

fn values(text: &str, check: fn(&str) -> Result<(), &'static str>) -> Result<Vec<String>, String> {
    let given: Vec<&str> = text.split(',').collect();
    if given.len() > VALUES_MAX {
        return Err(format!("at most {VALUES_MAX} values with commas between"));
    }
    for value in &given {
        check(value).map_err(|expected| format!("values with commas between, each {expected}"))?;
    }
    Ok(given.into_iter().map(str::to_owned).collect())
}
