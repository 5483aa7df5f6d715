//! A repository pattern, as those see it who ask what it could mean.

use crate::{
    decision::{inclusion, pattern::Pattern, placeholder::Placeholder},
    identity::Fact,
};

/// A pattern of `pull`, `push` or `delete`.
#[derive(Debug)]
pub struct Shape<'t> {
    text: &'t str,
    pattern: Pattern,
}

impl<'t> Shape<'t> {
    /// Reads a pattern; nothing if it is none.
    pub fn of(text: &'t str) -> Option<Self> {
        let pattern = Pattern::parse(text).ok()?;
        Some(Self { text, pattern })
    }

    /// Whether it stands for the caller's rows of `[images.*]`.
    pub fn is_images(&self) -> bool {
        matches!(self.pattern, Pattern::Images)
    }

    /// The facts that are rendered into it.
    pub fn facts(&self) -> Vec<Fact> {
        match &self.pattern {
            Pattern::Glob(_) | Pattern::Images => Vec::new(),
            Pattern::Template(template) => template.placeholders().map(Placeholder::fact).collect(),
        }
    }

    /// Whether two callers of one issuer never mean the same repository by it.
    pub fn is_the_callers_own(&self) -> bool {
        self.is_images() || self.facts().iter().any(|fact| *fact != Fact::Issuer)
    }

    /// Whether a template begins with a placeholder or wildcard.
    pub fn is_at_root(&self) -> bool {
        match &self.pattern {
            Pattern::Glob(_) | Pattern::Images => false,
            Pattern::Template(template) => template.prefix().is_empty(),
        }
    }

    /// Whether a pattern of a deny takes all that this one could give anybody
    /// of an issuer; `false` where that cannot be told.
    pub fn is_within(&self, deny: &Self, issuer: &str) -> bool {
        match (&self.pattern, &deny.pattern) {
            (Pattern::Images, _) | (_, Pattern::Images) => false,
            (_, Pattern::Glob(taken)) => {
                inclusion::includes(taken.steps(), &self.pattern.reach(issuer))
            }
            // What the deny cannot render it takes more of, so the same text
            // takes the same or more.
            (_, Pattern::Template(_)) => self.text == deny.text,
        }
    }
}
