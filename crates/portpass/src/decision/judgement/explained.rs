//! What a judgement's rules said, rule by rule, in words for operators.

use std::collections::BTreeSet;

use scope::{Scopes, is_repository_name};

use super::{Judgement, Listed, outcomes};
use crate::decision::{
    Access, Explained, Mode, Rendered, UnmetFact, Within,
    actions::Actions,
    covers::{Covers, Part},
    hold::{Hold, Withheld},
    pattern::Pattern,
    request::Request,
    resource::Resource,
    rule::{Judged, Rule},
};

impl<'p> Judgement<'_, 'p> {
    /// What each deny and then each rule of a mode said.
    pub(in crate::decision) fn explained(&self, mode: Mode, asked: &Scopes) -> Vec<Explained> {
        let takes = |covers: &Covers<'_>, name: &str| covers.takes(name);
        let gives = |covers: &Covers<'_>, name: &str| covers.gives(name);
        let mut all = self.explain(&self.denies, &takes, asked);
        all.extend(self.explain(self.giver.judged(), &gives, asked));
        all.retain(|explained| explained.mode == mode);
        all
    }

    /// What the record does not tell, of what rules that are for the caller
    /// would have to know.
    pub(in crate::decision) fn untold(&self) -> BTreeSet<String> {
        let rules = self.denies.iter().chain(self.giver.judged());
        let mut untold: BTreeSet<_> = rules
            .flat_map(|(rule, judged)| untold(rule, judged, self.request))
            .collect();
        if self.request.caller.has_untold_ceiling() {
            untold.insert("the API token's own patterns".to_owned());
        }
        untold
    }

    fn explain(
        &self,
        rules: &[(&'p Rule, Judged<'p>)],
        listed: Listed<'_>,
        asked: &Scopes,
    ) -> Vec<Explained> {
        let outcomes = outcomes(rules, listed, asked);
        let rules = rules.iter().zip(outcomes);
        rules
            .map(|((rule, judged), recorded)| Explained {
                rule: recorded.rule,
                mode: rule.mode,
                at: rule.at,
                place: None,
                outcome: recorded.outcome,
                unmet: unmet(judged, self.request),
                unmet_cel: match judged {
                    Judged::UnmetCel => rule.cel.as_ref().map(|cel| cel.text().to_owned()),
                    Judged::Matched(_)
                    | Judged::OtherCaller
                    | Judged::OtherRegistry
                    | Judged::Suspended
                    | Judged::UnmetFact(_)
                    | Judged::Void(_) => None,
                },
                untold: untold(rule, judged, self.request).into_iter().collect(),
                patterns: patterns(rule, judged, self.request, asked),
                access: match judged {
                    Judged::Matched(covers) => access(covers, listed, asked),
                    Judged::OtherCaller
                    | Judged::OtherRegistry
                    | Judged::Suspended
                    | Judged::UnmetCel
                    | Judged::UnmetFact(_)
                    | Judged::Void(_) => Vec::new(),
                },
            })
            .collect()
    }
}

fn unmet(judged: &Judged<'_>, request: &Request<'_>) -> Option<UnmetFact> {
    match judged {
        Judged::UnmetFact(unmet) => Some(UnmetFact {
            fact: unmet.fact,
            wants: unmet.test.to_string(),
            has: request.fact(unmet.fact).cloned(),
        }),
        Judged::Matched(_)
        | Judged::OtherCaller
        | Judged::OtherRegistry
        | Judged::Suspended
        | Judged::UnmetCel
        | Judged::Void(_) => None,
    }
}

/// What the record does not tell of what a rule's expression names, if it comes
/// to that.
fn untold(rule: &Rule, judged: &Judged<'_>, request: &Request<'_>) -> BTreeSet<String> {
    match (judged, &rule.cel) {
        (Judged::OtherCaller | Judged::OtherRegistry | Judged::UnmetFact(_), _) | (_, None) => {
            BTreeSet::new()
        }
        (
            Judged::Matched(_) | Judged::Suspended | Judged::UnmetCel | Judged::Void(_),
            Some(expression),
        ) => request.caller.untold(expression.claims()),
    }
}

/// The patterns of a rule whose conditions are met.
fn patterns(
    rule: &Rule,
    judged: &Judged<'_>,
    request: &Request<'_>,
    asked: &Scopes,
) -> Vec<Rendered> {
    let lists = [
        ("pull", &rule.pull),
        ("push", &rule.push),
        ("delete", &rule.delete),
    ];
    match judged {
        Judged::Matched(covers) => {
            let made = [&covers.pull, &covers.push, &covers.delete];
            let lists = lists.into_iter().zip(made);
            lists
                .flat_map(|((action, patterns), parts)| {
                    let parts = patterns.iter().zip(parts);
                    parts.map(move |(pattern, part)| {
                        made_for(action, pattern, part, covers.within, request, asked)
                    })
                })
                .collect()
        }
        // Of a rule that gives nothing, which pattern it is that cannot be rendered.
        Judged::Void(_) => lists
            .into_iter()
            .flat_map(|(action, patterns)| patterns.iter().map(move |pattern| (action, pattern)))
            .map(|(action, pattern)| {
                let cover = pattern.render(&request.values, request.images);
                Rendered {
                    action: action.to_owned(),
                    pattern: pattern.to_string(),
                    rendered: cover
                        .as_ref()
                        .map_or_else(|_| Vec::new(), |cover| cover.texts()),
                    withheld: cover.err().map(|unrendered| unrendered.to_string()),
                    covers: Vec::new(),
                }
            })
            .collect(),
        Judged::OtherCaller
        | Judged::OtherRegistry
        | Judged::Suspended
        | Judged::UnmetCel
        | Judged::UnmetFact(_) => Vec::new(),
    }
}

fn made_for(
    action: &str,
    pattern: &Pattern,
    part: &Part<'_>,
    within: &Within,
    request: &Request<'_>,
    asked: &Scopes,
) -> Rendered {
    let names = asked.iter().filter_map(|scope| match Resource::of(scope)? {
        Resource::Catalog => None,
        Resource::Repository(name, _) => Some(name),
    });
    let about = names.filter(|name| is_repository_name(name) && part.cover.covers(name));
    let (covers, outside): (Vec<_>, Vec<_>) = about
        .map(str::to_owned)
        .partition(|name| within.allows(name));
    let outside = (!outside.is_empty()).then(|| lies_outside(&outside.join(", "), within));
    Rendered {
        action: action.to_owned(),
        pattern: pattern.to_string(),
        rendered: part.cover.texts(),
        withheld: withheld(&part.hold, within, request).or(outside),
        covers,
    }
}

fn lies_outside(name: &str, within: &Within) -> String {
    format!("{name} lies outside of {within}, the ceiling of the rule's file")
}

/// Why a pattern gives nothing, with the owner, whom operators may know.
fn withheld(hold: &Hold, within: &Within, request: &Request<'_>) -> Option<String> {
    if let Hold::Outside(name) = hold {
        return Some(lies_outside(name, within));
    }
    Some(match hold.withheld()? {
        Withheld::Owned { name, .. } => match request.owned(name) {
            Some(owned) => format!("{name} belongs to {}:{}", owned.issuer, owned.id),
            None => format!("{name} belongs to another id"),
        },
        Withheld::Suspended => "the issuer's name stands for something else than before".to_owned(),
        Withheld::Void(unrendered) => unrendered.to_string(),
    })
}

/// What is given, or taken, of what was asked.
fn access(covers: &Covers<'_>, listed: Listed<'_>, asked: &Scopes) -> Vec<Access> {
    let access = asked.iter().filter_map(|scope| {
        let actions = match Resource::of(scope)? {
            Resource::Catalog => covers.catalog.then(|| "*".to_owned()).into_iter().collect(),
            Resource::Repository(name, _) if !is_repository_name(name) => return None,
            Resource::Repository(name, wanted) => Actions::words(listed(covers, name).and(wanted)),
        };
        Some(Access {
            kind: scope.kind.clone(),
            class: scope.class.clone(),
            name: scope.name.clone(),
            actions,
        })
    });
    access.filter(|access| !access.actions.is_empty()).collect()
}
