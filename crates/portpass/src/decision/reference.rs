//! The reference page of rules, made from the tables that rules are read by.

use super::{
    cel::{FUNCTIONS, VARIABLES},
    glob::Class,
    placeholder::{OwnerId, Placeholder},
    vocabulary::{Kind, kind},
};
use crate::identity::Fact;

/// The page `docs/reference/rules.md`, as Markdown.
pub fn reference() -> String {
    let facts = rows(Fact::ALL.into_iter().map(|fact| {
        let (name, meaning) = (fact.name(), fact.doc());
        format!("| `{name}` | {} | {meaning} |", compared(kind(fact)))
    }));
    let placeholders = rows(Placeholder::ALL.iter().map(|placeholder| {
        let slash = match placeholder.class() {
            Class::Any => "yes",
            Class::Segment => "no",
        };
        let owner = match placeholder.owner() {
            Some(OwnerId::Fact(fact)) => format!("`{fact}`"),
            Some(OwnerId::Identity) => "the identity's id".to_owned(),
            None => "nobody".to_owned(),
        };
        let meaning = placeholder.fact().doc();
        format!(
            "| `{{{}}}` | {slash} | {owner} | {meaning} |",
            placeholder.word()
        )
    }));
    let variables = rows(
        VARIABLES
            .iter()
            .map(|(name, meaning)| format!("| `{name}` | {meaning} |")),
    );
    let functions: Vec<_> = FUNCTIONS
        .iter()
        .map(|function| format!("`{function}`"))
        .collect();
    format!(
        "{WHO}\n{WHEN}\n| fact | compared with | meaning |\n| --- | --- | --- |\n{facts}\n\
         {TEMPLATES}\n| placeholder | may hold `/` | owner | meaning |\n| --- | --- | --- | --- |\n\
         {placeholders}\n{OWNERS}\n{CEILINGS}\n{CEL}\n| variable | meaning |\n| --- | --- |\n{variables}\n\
         Functions: {}; operators; and the macros `all`, `exists`, `exists_one`, `filter`, `has`, \
         `map`. There are no regular expressions, no time and no repository.\n\n{SHADOW}\n{ANSWERS}",
        functions.join(", ")
    )
}

fn rows(rows: impl Iterator<Item = String>) -> String {
    rows.map(|row| row + "\n").collect()
}

fn compared(kind: Kind) -> String {
    match kind {
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Id => "strings, exactly".to_owned(),
        Kind::List => "globs, of which one must match one of the values".to_owned(),
        Kind::Text => "globs".to_owned(),
        Kind::Word(words) => format!("globs over `{}`", words.join("`, `")),
    }
}

const WHO: &str = "\
# Rules

A `[rule.NAME]` gives, a `[deny.NAME]` takes away; their order means nothing. What no rule gives
is refused. A caller gets what all matching rules give together, less what the matching denies
take, and never more than was asked for.

## Who, where, what

| key | meaning |
| --- | --- |
| `from` | a list of issuers: for every identity that they prove |
| `group` | for the members of this group |
| `anonymous = true` | in a rule: for callers without a credential, and so for everybody; in a deny: for callers without a credential only |
| `registries` | a list of registries; required once there are two |
| `pull`, `push`, `delete` | lists of repository patterns |
| `catalog = true` | the list of repositories |
| `when`, `cel` | conditions, see below |
| `any_run = true` | push and delete for every run of a code host |
| `allow_root = true` | templates may begin with a placeholder |

A rule says exactly one of `from`, `group` and `anonymous`; a deny that says none is for everybody.
Push implies pull. A deny of `pull` takes push as well, a deny of `push` leaves pull, and `delete`
stands alone. Push or delete by a code host needs `event` and one of `ref`, `environment` and
`ref_protected` in its conditions, unless it says `any_run = true`. Anonymous rules have no
conditions and templates, and give pull and catalog only.

A group that operators keep may come to hold identities of every issuer, and API tokens: what its
rules must say, they must say as if they were for all issuers. An API token gets what rules with its
`group` and `anonymous` ones give, and nothing above the patterns it was made with; never the catalog.
";

const WHEN: &str = "\
## Conditions: `when`

Fields AND, the values of a list OR. `{ not = … }` is met by a fact that is there and none of the
values. Strings are globs that must match the whole: `*` stays within a segment between slashes,
`**` crosses slashes, everything else stands for itself. `match` names one `[match.NAME]` table, or
several of which one must be met.

A fact that is missing, or of another type, does not meet a rule's condition, nor its `not`. In a
deny it meets both: what cannot be told is denied.
";

const TEMPLATES: &str = "\
## Repository patterns

Patterns are globs, too. A placeholder stands for the caller's own fact, lower-cased. A template
begins with a fixed text (or its rule says `allow_root = true`), and contains `{issuer}` where its
rule is for several issuers. A caller whose facts do not render a template of a rule, because one
is missing or holds what no repository name may hold, gets nothing from that rule, and its event
says so. In a deny such a template means everything under its fixed text. Two templates that can
mean one repository for different issuers are refused when the file is read.

`{images}` stands alone and means the caller's own rows of `[images.ISSUER]`. A name there belongs
to one issuer, and no template may be able to render it.
";

const OWNERS: &str = "\
## Owners

A name on a platform can come to be somebody else's: a repository is deleted or renamed, and
another takes its name. So what a template of `push` renders, up to its last placeholder that has an
owner in the table above, belongs to the first id that was let push there. To any other id no
template of `push` or `delete` that renders the name gives anything, the pull that comes with push
included, until an operator transfers the name; nor to a caller without that id. Other patterns that
cover the same repository, of the same rule or of another, give what they give: a rule with
`push = [\"**\"]` asks for no owner, and makes none. Pull patterns have no owners.

While an issuer's name stands for something else than before, and no operator has confirmed it, its
ids are in no group, have no rows of `[images]`, and get nothing from a template that has an owner.
What denies take from them stays taken.
";

const CEILINGS: &str = "\
## Ceilings: `within`

An included file may lie under ceilings: those of the entries of `include` that name it, and its own.
A ceiling is a list of repository patterns without placeholders, of which one matches whatever the
file's rules give and its denies take; with several, each must hold. A pattern that reaches
farther means what of it lies within, and one that never lies within is refused when the file is read.
A template of `push` or `delete` gives nothing where the name in it that has an owner lies outside,
with all that its wildcards mean. `catalog` is refused.
";

const CEL: &str = "\
## Conditions: `cel`

One expression, which must be `true`. It is evaluated once per request, after `when` is met. A
member that is missing is an error, which `has(claims.x)` avoids; after an error a rule does not
match, and a deny does. What names a list of more than 256 values is an error, too. The claims that some rule
names are kept with each decision.
";

const SHADOW: &str = "\
## Rules in shadow

A rule or a deny with `mode = \"shadow\"` is read and checked as any other, and gives or takes nothing:
no access, no name that it renders, no refusal depends on it, nor does the policy's version. What it
says of each request is recorded beside the live ones, under `shadow` in the event; and, only where it
differs, what would have been given were all of them live. `portpass explain` shows them, too.
";

const ANSWERS: &str = "\
## Answers

Pulls that are not given are left out of the token. A request is refused when nothing of it is
given, and when it asks for push or delete on a repository and gets neither. `*` asks for whatever
is given. Resources of unknown kinds and unknown actions count as not asked for. Without a scope,
a proven caller gets a token that gives nothing, and an anonymous one is refused.

A refusal tells the caller what was asked, its own facts and which of them was unmet, never what a
rule wants. Its reason stands in the event as one of `ceiling`, `denied`, `invalid_name`,
`login_required`, `no_rule`, `owned`, `provider_withheld`, `suspended`, `unmet_cel`, `unmet_fact` and
`unusable_fact`.

With `[relay] access = \"claim\"` the identity provider gives, and the rules do not: of what its token's
`access` says, what was asked, less what denies take. A `*` there is `delete`, `pull` and `push`, or the
catalog; push brings no pull that is not given; callers without a credential get no push and no delete.
Nobody comes to own a name that way, and what a rule's template renders for the caller is only pulled
where it belongs to another id. The event has `relay.access` in the place of the rules.

The event also keeps what each rule and each deny said:

| outcome | meaning |
| --- | --- |
| `matched` | it is for this caller, its conditions are met, and it gives or takes some of what was asked |
| `other_access` | it would match, and is about none of what was asked: other repositories, or other actions |
| `other_caller` | it is for other callers |
| `other_registry` | it is for other registries |
| `owned` | it matched and gives nothing of what was asked, because this name belongs to another id |
| `suspended` | the same, because the issuer's name stands for something else than before |
| `unmet_cel` | its expression is not true, or could not be evaluated |
| `unmet_fact` | with the first fact that is not as it should be |
| `void` | it matched and gives nothing of what was asked, with the reason why a template could not be rendered |
";
