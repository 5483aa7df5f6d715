//! Templates: repository patterns with facts of the caller in them.

use std::fmt;

use scope::is_repository_name;

use super::{
    Namespace,
    glob::{Class, Glob, GlobError, Step, push_glob},
    placeholder::{OwnerId, Placeholder},
    suggestion::did_you_mean,
    values::Values,
};
use crate::identity::Fact;

/// A pattern with at least one placeholder.
#[derive(Clone, Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// The text before the first placeholder or wildcard.
    prefix: String,
    owned: Option<OwnedPart>,
}

/// The part of what a template renders that has an owner.
#[derive(Clone, Copy, Debug)]
struct OwnedPart {
    /// How many of the template's parts it is: up to the last placeholder
    /// whose value could come to be somebody else's.
    length: usize,
    /// The id that owns it.
    id: OwnerId,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Step(Step),
    Value(Placeholder),
}

/// Why a text is not a template.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error("a `{{` without its `}}`, or the reverse")]
    Brace,
    #[error(transparent)]
    Glob(#[from] GlobError),
    #[error(
        "unknown placeholder `{{{name}}}`{suggestion}; there are {}",
        known_placeholders()
    )]
    Unknown { name: String, suggestion: String },
}

/// Why a caller's facts do not render a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unrendered {
    /// The caller has no such fact.
    Absent(Fact),
    /// The fact holds what no repository name may hold.
    Unfit(Fact),
    /// The whole is no repository name.
    Whole,
}

impl Unrendered {
    pub(super) fn fact(self) -> Option<Fact> {
        match self {
            Self::Absent(fact) | Self::Unfit(fact) => Some(fact),
            Self::Whole => None,
        }
    }
}

impl fmt::Display for Unrendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(fact) => write!(f, "there is no {}", fact.name()),
            Self::Unfit(fact) => write!(f, "{} cannot stand in a repository name", fact.name()),
            Self::Whole => f.write_str("what it renders is not a repository name"),
        }
    }
}

impl Template {
    /// Reads a text with placeholders; `None` where it has none.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, TemplateError> {
        let mut parts = Vec::new();
        let mut has_value = false;
        let mut rest = text;
        while let Some((literal, tail)) = rest.split_once('{') {
            let (name, tail) = tail.split_once('}').ok_or(TemplateError::Brace)?;
            push_parts(literal, &mut parts)?;
            let placeholder = Placeholder::ALL
                .into_iter()
                .find(|placeholder| placeholder.word() == name)
                .ok_or_else(|| TemplateError::Unknown {
                    name: name.to_owned(),
                    suggestion: did_you_mean(name, placeholder_words()),
                })?;
            parts.push(Part::Value(placeholder));
            has_value = true;
            rest = tail;
        }
        push_parts(rest, &mut parts)?;
        let prefix = text.split(['{', '*']).next().unwrap_or_default().to_owned();
        let owned = owned_part(&parts);
        Ok(has_value.then_some(Self {
            parts,
            prefix,
            owned,
        }))
    }

    /// The text that everything it renders begins with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the issuer's name is in everything it renders.
    pub(super) fn names_issuer(&self) -> bool {
        self.placeholders().any(|one| one == Placeholder::Issuer)
    }

    /// The placeholders, in order.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.parts.iter().filter_map(|part| match part {
            Part::Step(_) => None,
            Part::Value(placeholder) => Some(*placeholder),
        })
    }

    /// Whether a wildcard stands right beside a placeholder, so that one
    /// caller's pattern also means names that begin or end like another's.
    pub(super) fn blurs_a_value(&self) -> bool {
        let wild = |part: &Part| matches!(part, Part::Step(Step::Many(_)));
        let value = |part: &Part| matches!(part, Part::Value(_));
        self.parts
            .iter()
            .zip(self.parts.iter().skip(1))
            .any(|(one, next)| wild(one) && value(next) || value(one) && wild(next))
    }

    /// Two placeholders whose values run into each other, so that two callers
    /// can render one name: `{namespace}-{service_account}`.
    ///
    /// A slash between them keeps them apart, unless both may hold one;
    /// between two ids, anything that is no digit does. The issuer's name is
    /// the same for all callers of an issuer.
    pub(super) fn merged_values(&self) -> Option<(Placeholder, Placeholder)> {
        let mut before = None;
        let (mut has_slash, mut has_other) = (false, false);
        for part in &self.parts {
            match part {
                Part::Step(step) => {
                    has_slash |= matches!(step, Step::Byte(b'/'));
                    has_other |= matches!(step, Step::Byte(byte) if !byte.is_ascii_digit());
                }
                Part::Value(Placeholder::Issuer) => {}
                Part::Value(value) => {
                    if let Some(before) = before.replace(*value) {
                        let by_slash =
                            has_slash && !(before.may_hold_slash() && value.may_hold_slash());
                        let by_other = has_other && before.is_id() && value.is_id();
                        if !by_slash && !by_other {
                            return Some((before, *value));
                        }
                    }
                    (has_slash, has_other) = (false, false);
                }
            }
        }
        None
    }

    /// Every name it could render for anybody of an issuer.
    pub(super) fn reach(&self, issuer: &str) -> Vec<Step> {
        reach(&self.parts, issuer)
    }

    /// Every name in it that anybody of an issuer could come to own.
    pub(super) fn owned_reach(&self, issuer: &str) -> Vec<Step> {
        reach(self.owned_parts(), issuer)
    }

    /// The part of it that comes to have an owner, as the file has it.
    pub(super) fn owned_text(&self) -> String {
        text(self.owned_parts())
    }

    fn owned_parts(&self) -> &[Part] {
        let owned = self.owned.and_then(|owned| self.parts.get(..owned.length));
        owned.unwrap_or_default()
    }

    /// Whether what it renders belongs to one of the caller's ids.
    pub(super) fn has_owner(&self) -> bool {
        self.owned.is_some()
    }

    /// The name in it that has an owner, and which of the caller's ids that is.
    ///
    /// # Errors
    ///
    /// When the caller lacks that id, or what stands in the name.
    pub(super) fn namespace(
        &self,
        values: &Values<'_>,
    ) -> Result<Option<(Namespace, OwnerId)>, Unrendered> {
        let Some(OwnedPart { length, id }) = self.owned else {
            return Ok(None);
        };
        let mut name = String::with_capacity(length + 32);
        for part in self.owned_parts() {
            match part {
                Part::Step(step) => push_step(*step, &mut name),
                Part::Value(placeholder) => name.push_str(values.value(*placeholder)?),
            }
        }
        let owner = values.owner(id)?.to_owned();
        Ok(Some((Namespace { name, owner }, id)))
    }

    /// The pattern with the caller's facts in it.
    pub(super) fn render(&self, values: &Values<'_>) -> Result<Glob, Unrendered> {
        let mut steps = Vec::with_capacity(self.parts.len() + 32);
        for part in &self.parts {
            match part {
                Part::Step(step) => steps.push(*step),
                Part::Value(placeholder) => {
                    steps.extend(values.value(*placeholder)?.bytes().map(Step::Byte));
                }
            }
        }
        if can_be_a_name(&steps) {
            Ok(Glob::of(steps))
        } else {
            Err(Unrendered::Whole)
        }
    }
}

/// Every name that parts of a template could render for anybody of an issuer.
fn reach(parts: &[Part], issuer: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in parts {
        match part {
            Part::Step(step) => steps.push(*step),
            Part::Value(Placeholder::Issuer) => {
                steps.extend(issuer.to_ascii_lowercase().bytes().map(Step::Byte));
            }
            Part::Value(placeholder) => {
                let class = placeholder.class();
                steps.extend([Step::One(class), Step::Many(class)]);
            }
        }
    }
    steps
}

/// Appends a step as a pattern has it.
fn push_step(step: Step, text: &mut String) {
    match step {
        Step::Byte(byte) => text.push(char::from(byte)),
        Step::Many(Class::Segment) | Step::One(_) => text.push('*'),
        Step::Many(Class::Any) => text.push_str("**"),
    }
}

/// Parts of a template as the file has them.
fn text(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Step(step) => push_step(*step, &mut text),
            Part::Value(placeholder) => text.extend(["{", placeholder.word(), "}"]),
        }
    }
    text
}

/// As the file has it.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.parts))
    }
}

fn owned_part(parts: &[Part]) -> Option<OwnedPart> {
    let ids = parts.iter().zip(1..).filter_map(|(part, length)| {
        let id = match part {
            Part::Step(_) => None,
            Part::Value(placeholder) => placeholder.owner(),
        };
        id.map(|id| OwnedPart { length, id })
    });
    ids.last()
}

fn push_parts(text: &str, parts: &mut Vec<Part>) -> Result<(), TemplateError> {
    if text.contains('}') {
        return Err(TemplateError::Brace);
    }
    let mut steps = Vec::new();
    push_glob(text, &mut steps)?;
    parts.extend(steps.into_iter().map(Part::Step));
    Ok(())
}

fn placeholder_words() -> impl Iterator<Item = &'static str> {
    Placeholder::ALL.into_iter().map(Placeholder::word)
}

fn known_placeholders() -> String {
    let words: Vec<_> = placeholder_words()
        .map(|word| format!("`{{{word}}}`"))
        .collect();
    words.join(", ") + " and `{images}`"
}

/// Whether a pattern means some repository name: with a letter, which may
/// stand anywhere in a name, for each wildcard.
pub(super) fn can_be_a_name(steps: &[Step]) -> bool {
    let bytes = steps.iter().map(|step| match step {
        Step::Byte(byte) => *byte,
        Step::Many(_) | Step::One(_) => b'a',
    });
    String::from_utf8(bytes.collect()).is_ok_and(|name| is_repository_name(&name))
}
