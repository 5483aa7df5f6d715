//! What a rule is about: repositories, by glob, template or row of `[images]`.

use std::{collections::BTreeSet, fmt};

use super::{
    glob::{Glob, Step},
    template::{Template, TemplateError, Unrendered, can_be_a_name},
    values::Values,
};

/// So many wildcards and placeholders may stand in a pattern: whether two patterns can mean one
/// name takes as many steps as there are in both, times their lengths, for each two of a file.
const MOST_WILD: usize = 16;

/// A pattern of `pull`, `push` or `delete`, compiled.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// The same for every caller.
    Glob(Glob),
    /// The names of the caller's own rows.
    Images,
    /// With the caller's facts in it.
    Template(Template),
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum PatternError {
    #[error("`{{images}}` stands alone, without text around it")]
    ImagesWithText,
    #[error(
        "no repository name is like this: names are lower-case letters, digits, `.`, `_`, `-` and `/`"
    )]
    NoName,
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("more than {MOST_WILD} wildcards and placeholders stand in it")]
    Wild,
}

/// A pattern made for one caller.
#[derive(Debug)]
pub(super) enum Cover<'p> {
    Glob(&'p Glob),
    Names(Option<&'p BTreeSet<String>>),
    Rendered(Glob),
}

impl Cover<'_> {
    /// The patterns and names that it stands for, for operators.
    pub(super) fn texts(&self) -> Vec<String> {
        match self {
            Self::Glob(glob) => vec![glob.to_string()],
            Self::Names(names) => names.iter().copied().flatten().cloned().collect(),
            Self::Rendered(glob) => vec![glob.to_string()],
        }
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.matches(name),
            Self::Names(names) => names.is_some_and(|names| names.contains(name)),
            Self::Rendered(glob) => glob.matches(name),
        }
    }
}

/// As the file has it.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glob(glob) => glob.fmt(f),
            Self::Images => f.write_str("{images}"),
            Self::Template(template) => template.fmt(f),
        }
    }
}

impl Pattern {
    /// Reads a pattern and refuses one that no repository name can be like.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        if text == "{images}" {
            return Ok(Self::Images);
        }
        if text.contains("{images}") {
            return Err(PatternError::ImagesWithText);
        }
        if text.replace("**", "*").matches(['*', '{']).count() > MOST_WILD {
            return Err(PatternError::Wild);
        }
        let (pattern, steps) = if let Some(template) = Template::parse(text)? {
            let steps = template.reach("issuer");
            (Self::Template(template), steps)
        } else {
            let glob = Glob::parse(text).map_err(TemplateError::from)?;
            let steps = glob.steps().to_vec();
            (Self::Glob(glob), steps)
        };
        if can_be_a_name(&steps) {
            Ok(pattern)
        } else {
            Err(PatternError::NoName)
        }
    }

    /// What it means for a caller of an allow.
    pub(super) fn render<'p>(
        &'p self,
        values: &Values<'_>,
        images: Option<&'p BTreeSet<String>>,
    ) -> Result<Cover<'p>, Unrendered> {
        match self {
            Self::Glob(glob) => Ok(Cover::Glob(glob)),
            Self::Images => Ok(Cover::Names(images)),
            Self::Template(template) => template.render(values).map(Cover::Rendered),
        }
    }

    /// What it means for a caller of a deny: where a placeholder has no value,
    /// everything under the template's literal prefix.
    pub(super) fn render_widely<'p>(
        &'p self,
        values: &Values<'_>,
        images: Option<&'p BTreeSet<String>>,
    ) -> Cover<'p> {
        match self {
            Self::Glob(glob) => Cover::Glob(glob),
            Self::Images => Cover::Names(images),
            Self::Template(template) => Cover::Rendered(
                template
                    .render(values)
                    .unwrap_or_else(|_| Glob::under(template.prefix())),
            ),
        }
    }

    /// Every name it could mean for anybody of an issuer; rows of images aside.
    pub(super) fn reach(&self, issuer: &str) -> Vec<Step> {
        match self {
            Self::Glob(glob) => glob.steps().to_vec(),
            Self::Images => Vec::new(),
            Self::Template(template) => template.reach(issuer),
        }
    }
}
