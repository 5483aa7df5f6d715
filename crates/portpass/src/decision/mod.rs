//! What a proven caller may do.
//!
//! [`Policy::compile`] turns the file's rules into a [`Policy`]; what can be
//! wrong with them is found there. [`Policy::decide`] weighs one request by
//! the rules, and [`Policy::decide_claimed`] by what an identity provider gives:
//! they are the only makers of a [`Grant`] or a [`Denied`]. What they cannot know
//! by themselves, the operators' groups of the caller and the owners of the names
//! that [`Policy::namespaces`] lists, comes in as [`Held`]. Nothing here performs
//! I/O, asks the time or draws random numbers.
//!
//! Another placeholder: a variant of `placeholder::Placeholder`. Another fact: a
//! variant of `identity::Fact`. The reference page is made from both.

mod actions;
mod caller;
mod ceiling;
mod cel;
mod claimed;
mod compile;
mod condition;
mod covers;
mod decided;
mod explain;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod glob;
mod groups;
mod hold;
mod images;
mod inclusion;
mod inspect;
mod judgement;
mod least_rule;
mod matches;
mod namespace;
mod outcome;
mod overlap;
mod owners;
mod pattern;
mod placeholder;
mod policy;
mod reference;
mod refusal;
mod replay;
mod request;
mod resource;
mod rule;
mod shadow;
mod source;
mod suggestion;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod variables;
mod version;
mod vocabulary;
mod when;
mod within;

pub(crate) use self::decided::scope_text;
pub use self::{
    caller::Caller,
    ceiling::Ceiling,
    decided::{Access, Decision, Denied, Grant, decision_id},
    explain::{Explained, Explanation, Rendered, Stage, UnmetFact, Verdict},
    inspect::{Shape, Way},
    least_rule::{Asker, NoLeastRule, least_rule},
    outcome::{Outcome, RuleOutcome},
    owners::{Held, Namespace, Owners},
    policy::Policy,
    reference::reference,
    refusal::{Refusal, rejection},
    replay::Gives,
    shadow::Shadow,
    source::{GroupSource, Mode, PolicySource, RuleSource},
    when::When,
    within::Within,
};
