//! What one caller's facts put in the place of placeholders.

use std::cell::OnceCell;

use scope::is_repository_name;

use super::{
    Caller,
    placeholder::{OwnerId, Placeholder},
    template::Unrendered,
};
use crate::identity::{Facts, Identity};

/// What one caller's placeholders render to, each worked out once.
pub(super) struct Values<'p> {
    identity: &'p Identity,
    facts: &'p Facts,
    rendered: [OnceCell<Result<String, Unrendered>>; Placeholder::ALL.len()],
}

impl<'p> Values<'p> {
    pub(super) fn new(caller: Caller<'p>) -> Self {
        Self {
            identity: caller.identity(),
            facts: caller.facts(),
            rendered: Default::default(),
        }
    }

    /// What a placeholder renders to.
    pub(super) fn value(&self, placeholder: Placeholder) -> Result<&str, Unrendered> {
        let cell = self
            .rendered
            .get(placeholder as usize)
            .expect("there is a cell for each placeholder");
        match cell.get_or_init(|| self.render(placeholder)) {
            Ok(text) => Ok(text),
            Err(unrendered) => Err(*unrendered),
        }
    }

    /// The id that owns a name.
    pub(super) fn owner(&self, id: OwnerId) -> Result<&'p str, Unrendered> {
        match id {
            OwnerId::Fact(fact) => self.facts.text(fact).ok_or(Unrendered::Absent(fact)),
            OwnerId::Identity => Ok(self.identity.id()),
        }
    }

    fn render(&self, placeholder: Placeholder) -> Result<String, Unrendered> {
        let fact = placeholder.fact();
        let text = match placeholder {
            Placeholder::Issuer => self.identity.issuer(),
            Placeholder::Namespace
            | Placeholder::Owner
            | Placeholder::OwnerId
            | Placeholder::Repository
            | Placeholder::RepositoryId
            | Placeholder::ServiceAccount
            | Placeholder::User => self.facts.text(fact).ok_or(Unrendered::Absent(fact))?,
        };
        // ASCII first: lower-casing other letters makes ASCII of some of them
        // (the Kelvin sign), and so another's name.
        let text = text
            .is_ascii()
            .then(|| text.to_ascii_lowercase())
            .ok_or(Unrendered::Unfit(fact))?;
        let fits = is_repository_name(&text)
            && !text.contains(':')
            && text.bytes().all(|byte| placeholder.class().holds(byte));
        fits.then_some(text).ok_or(Unrendered::Unfit(fact))
    }
}
