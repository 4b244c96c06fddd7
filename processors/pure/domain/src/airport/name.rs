//! How long an airport's name may be. Registering and correcting share it.

const CHARS_MAX: usize = 100;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name has {chars} characters; 1 to {CHARS_MAX} are possible")]
pub(super) struct NameLength {
    chars: usize,
}

impl From<NameLength> for crate::Rejection {
    fn from(length: NameLength) -> Self {
        Self::new("name-length", &length, [("characters", length.chars.to_string())])
    }
}

pub(super) fn check(name: &str) -> Result<(), NameLength> {
    let chars = name.chars().count();
    if (1..=CHARS_MAX).contains(&chars) {
        Ok(())
    } else {
        Err(NameLength { chars })
    }
}
