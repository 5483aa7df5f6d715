//! What a rule gives, or a deny takes, for one caller.

use super::{
    Namespace, Within,
    actions::Actions,
    hold::{Hold, Withheld},
    pattern::Cover,
};

/// What a rule gives, or a deny takes, for one caller.
#[derive(Debug)]
pub(super) struct Covers<'p> {
    /// What bounds the patterns.
    pub(super) within: &'p Within,
    pub(super) pull: Vec<Part<'p>>,
    pub(super) push: Vec<Part<'p>>,
    pub(super) delete: Vec<Part<'p>>,
    pub(super) catalog: bool,
}

/// One pattern, made for one caller.
#[derive(Debug)]
pub(super) struct Part<'p> {
    pub(super) cover: Cover<'p>,
    pub(super) hold: Hold,
}

impl Covers<'_> {
    /// What is listed for a repository's name, without what follows from it.
    fn listed(&self, name: &str) -> Actions {
        if !self.within.allows(name) {
            return Actions::default();
        }
        let covers = |list: &[Part<'_>]| list.iter().any(|part| part.gives(name));
        Actions {
            delete: covers(&self.delete),
            pull: covers(&self.pull),
            push: covers(&self.push),
        }
    }

    /// What an allow gives: push implies pull, as registries require.
    pub(super) fn gives(&self, name: &str) -> Actions {
        let listed = self.listed(name);
        Actions {
            pull: listed.pull || listed.push,
            ..listed
        }
    }

    /// What a deny takes: without pull, push is of no use.
    pub(super) fn takes(&self, name: &str) -> Actions {
        let listed = self.listed(name);
        Actions {
            push: listed.push || listed.pull,
            ..listed
        }
    }

    /// Why a pattern gives none of these actions on a repository that it is about.
    pub(super) fn withheld(&self, name: &str, wanted: Actions) -> Option<&Withheld> {
        if !self.within.allows(name) {
            return None;
        }
        let lists = [
            (wanted.push || wanted.pull, &self.push),
            (wanted.delete, &self.delete),
            (wanted.pull, &self.pull),
        ];
        lists
            .into_iter()
            .filter(|(is_wanted, _)| *is_wanted)
            .flat_map(|(_, list)| list)
            .filter(|part| part.cover.covers(name))
            .find_map(|part| part.hold.withheld())
    }

    /// The names that are nobody's yet and that a push to a repository claims.
    pub(super) fn claims(&self, name: &str) -> impl Iterator<Item = &Namespace> {
        let push = self.push.iter().filter(|_| self.within.allows(name));
        push.filter_map(move |part| match &part.hold {
            Hold::Unclaimed(namespace) if part.cover.covers(name) => Some(namespace),
            Hold::Free
            | Hold::Outside(_)
            | Hold::Own(_)
            | Hold::Unclaimed(_)
            | Hold::Withheld(_) => None,
        })
    }

    /// The names whose owners were asked for.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let lists = self.push.iter().chain(&self.delete);
        lists.filter_map(|part| part.hold.name())
    }
}

impl Part<'_> {
    fn gives(&self, name: &str) -> bool {
        self.hold.gives() && self.cover.covers(name)
    }
}
