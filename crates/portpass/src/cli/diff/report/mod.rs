//! What was found, for people and for programs.

use serde::Serialize;

use crate::{
    cli::printer::Printer,
    replay::{Action, Change, Counts, Found, Group, Groups, Pair, Seen, Situation, Tally},
};

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    /// What differs and nothing that was weighed tells the effect of.
    remarks: Vec<String>,
    /// What changes for the fixtures.
    fixtures: Vec<Situation>,
    /// How many more changes there are for them.
    fixtures_not_shown: usize,
    /// What recorded requests tell, if they were weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Events<'a>>,
}

/// What recorded requests tell.
#[derive(Debug, Serialize)]
struct Events<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    /// Who gains or loses what.
    groups: Vec<Row<'a>>,
    /// The requests of groups for which there was no room.
    not_shown: u64,
    /// What was recorded of the shadow rules, if that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Shadow<'a>>,
}

/// One identity, one resource, one change.
#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    group: &'a Group,
    #[serde(flatten)]
    found: &'a Found,
}

/// What was recorded of the shadow rules.
#[derive(Debug, Serialize)]
struct Shadow<'a> {
    requests: u64,
    changed: u64,
    rules: Vec<ShadowRule<'a>>,
}

#[derive(Debug, Serialize)]
struct ShadowRule<'a> {
    rule: &'a str,
    #[serde(flatten)]
    seen: &'a Seen,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        pair: &Pair,
        (fixtures, fixtures_not_shown): (Vec<Situation>, usize),
        tally: Option<&'a Tally>,
        with_shadow: bool,
    ) -> Self {
        Self {
            remarks: pair.remarks(),
            fixtures,
            fixtures_not_shown,
            events: tally.map(|tally| Events::of(tally, with_shadow)),
        }
    }

    /// Whether something differs, or cannot be told.
    pub(super) fn is_different(&self) -> bool {
        let differ = |events: &Events<'_>| !events.groups.is_empty();
        !self.remarks.is_empty()
            || !self.fixtures.is_empty()
            || self.events.as_ref().is_some_and(differ)
    }

    pub(super) fn print(&self, printer: Printer) -> anyhow::Result<()> {
        if printer.is_json() {
            return Printer::json(self);
        }
        for remark in &self.remarks {
            printer.table(None, vec![["note:".to_owned(), remark.clone()]])?;
        }
        let situations = self.fixtures.iter();
        printer.table(None, situations.map(cells_of_fixture).collect())?;
        match self.fixtures_not_shown {
            0 if self.fixtures.is_empty() => Printer::text("nothing changes for the fixtures\n")?,
            0 => {}
            more => Printer::text(&format!("and {more} further changes for the fixtures\n"))?,
        }
        match &self.events {
            Some(events) => events.print(printer),
            None => Ok(()),
        }
    }
}

/// Who, what, where; in which situations.
fn cells_of_fixture(situation: &Situation) -> [String; 4] {
    let Situation {
        issuer,
        identity,
        name,
        group,
        registry,
        repository,
        change,
        fixtures,
    } = situation;
    let group = group.as_ref().map(|group| format!(" in group.{group}"));
    [
        who(issuer, identity, name) + &group.unwrap_or_default(),
        change.to_string(),
        whereabouts(registry, repository, *change),
        format!("({})", fixtures.join(", ")),
    ]
}

impl<'a> Events<'a> {
    fn of(tally: &'a Tally, with_shadow: bool) -> Self {
        let shadow = &tally.shadow;
        let rules = shadow.iter();
        Self {
            counts: &tally.counts,
            groups: rows(&tally.groups),
            not_shown: tally.groups.rest,
            shadow: with_shadow.then(|| Shadow {
                requests: shadow.requests,
                changed: shadow.changed,
                rules: rules
                    .map(|(rule, seen)| ShadowRule { rule, seen })
                    .collect(),
            }),
        }
    }

    fn print(&self, printer: Printer) -> anyhow::Result<()> {
        printer.table(None, self.groups.iter().map(Row::cells).collect())?;
        if self.not_shown > 0 {
            let requests = requests(self.not_shown);
            Printer::text(&format!(
                "and {requests} of further identities or repositories\n"
            ))?;
        }
        Printer::text(&summary(self.counts))?;
        match &self.shadow {
            Some(shadow) => shadow.print(printer),
            None => Ok(()),
        }
    }
}

impl Row<'_> {
    /// Who, what, where; how often, when last and why.
    fn cells(&self) -> [String; 4] {
        let Self { group, found } = self;
        let last = found.last.strftime("%Y-%m-%d");
        let because = found.because.iter().map(|why| format!("; {why}"));
        let because = because.collect::<String>();
        [
            who(&group.issuer, &group.identity, &found.name),
            group.change.to_string(),
            whereabouts(&group.registry, &group.repository, group.change),
            format!("({}, last {last}{because})", requests(found.requests)),
        ]
    }
}

impl Shadow<'_> {
    fn print(&self, printer: Printer) -> anyhow::Result<()> {
        if self.requests == 0 {
            return Printer::text("no event recorded a shadow rule\n");
        }
        let header = ["SHADOW RULE", "MATCHED", "DID NOT", "LAST MATCH"];
        let rows = self.rules.iter().map(|ShadowRule { rule, seen }| {
            let last = seen
                .last_match
                .map(|last| last.strftime("%Y-%m-%d").to_string());
            [
                (*rule).to_owned(),
                seen.matched.to_string(),
                seen.unmatched.to_string(),
                last.unwrap_or_else(|| "-".to_owned()),
            ]
        });
        printer.table(Some(header), rows.collect())?;
        Printer::text(&format!(
            "recorded then: {} would have come out otherwise, of {} that shadow rules were weighed for\n",
            requests(self.changed),
            self.requests
        ))
    }
}

fn rows(groups: &Groups) -> Vec<Row<'_>> {
    let groups = groups.iter();
    groups.map(|(group, found)| Row { group, found }).collect()
}

/// An identity, with what people call it.
fn who(issuer: &str, id: &str, name: &str) -> String {
    if name == id {
        format!("{issuer}:{id}")
    } else {
        format!("{issuer}:{id} {name}")
    }
}

/// What a change is of, with its registry.
fn whereabouts(registry: &str, repository: &str, change: Change) -> String {
    let all = [change.loses, change.gains, change.unknown];
    if !repository.is_empty() {
        format!("on {repository} of {registry}")
    } else if all.iter().any(|actions| actions.has(Action::Catalog)) {
        format!("on the list of repositories of {registry}")
    } else {
        format!("to {registry}")
    }
}

fn requests(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} request{plural}")
}

/// What was read, and what became of it.
fn summary(counts: &Counts) -> String {
    let Counts {
        events,
        requests: weighed,
        changed,
        unknown,
        malformed,
        by_provider,
        without_rules,
    } = *counts;
    let text = format!(
        "{events} events, {} weighed: {changed} come out otherwise, of {unknown} it cannot be told\n",
        requests(weighed)
    );
    let passed_over = [
        (malformed, "could not be read"),
        (by_provider, "are what an identity provider decided"),
        (
            without_rules,
            "ended before any rule was asked, or are operators'",
        ),
    ];
    let passed_over = passed_over.into_iter().filter(|(count, _)| *count > 0);
    let passed_over =
        passed_over.map(|(count, why)| format!("passed over: {count} events {why}\n"));
    text + &passed_over.collect::<String>()
}

#[cfg(test)]
mod tests;
