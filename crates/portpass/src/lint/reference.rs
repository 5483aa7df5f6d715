//! The reference page of lints, made from the lints.

use std::fmt::Write as _;

use super::{ALL, Lint};

/// What the examples of the page are additions to.
pub(super) const BASE: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind    = "distribution"

[issuer.cluster]
kind     = "kubernetes"
url      = "https://cluster.example.com"
audience = ["registry.example.com"]

[issuer.forgejo]
kind     = "forgejo"
url      = "https://forgejo.example.com"
audience = ["registry.example.com"]

[issuer.github]
kind     = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[issuer.gitlab]
kind     = "gitlab"
url      = "https://gitlab.example.com"
audience = ["registry.example.com"]
"#;

/// The page `docs/reference/lints.md`, as Markdown.
pub fn reference() -> String {
    let mut page = format!("{HEAD}\n| code | level | name | finds |\n| --- | --- | --- | --- |\n");
    for lint in ALL {
        let (code, name, level) = (lint.code, lint.name, lint.level);
        writeln!(
            page,
            "| [{code}](#{}) | {level} | `{name}` | {} |",
            anchor(lint),
            lint.summary
        )
        .expect("a string takes every write");
    }
    for lint in ALL {
        section(lint, &mut page);
    }
    write!(
        page,
        "\n## The base of the examples\n\n```toml\n{}```\n",
        BASE.trim_start()
    )
    .expect("a string takes every write");
    page
}

/// The anchor of a lint's heading, as code hosts make it.
pub(super) fn anchor(lint: &Lint) -> String {
    format!("{}-{}", lint.code.to_lowercase(), lint.name)
}

fn section(lint: &Lint, page: &mut String) {
    let Lint {
        code,
        name,
        level,
        summary,
        why,
        mend,
        bad,
        good,
        find: _,
    } = lint;
    write!(
        page,
        "\n## {code} {name}\n\n{summary} Level: {level}.\n\n**Why.** {why}\n\n**Mend.** {mend}\n\n\
         Found:\n\n```toml\n{}```\n\nNot found:\n\n```toml\n{}```\n",
        bad.trim_start(),
        good.trim_start(),
    )
    .expect("a string takes every write");
}

const HEAD: &str = "\
# Findings of `portpass check`

A file that does not load is refused, with every fault at its place. What loads may still not be
meant, or not be safe: that is a finding. An *error* is surely dangerous, a *warning* is something
that somebody should look at, a *note* something to know. `portpass check` ends with 3 if there is a
finding of `--deny LEVEL` or above (`error`, unless it says otherwise), with 1 if the file does not
load or a test in it fails, and with 0 else.

A finding that is known and meant is acknowledged beside it, in the `[rule.*]`, `[deny.*]` or
`[issuer.*]` that it is about, with the reason in a comment:

```text
allow_lints = [\"PP004\"]   # scratch/ is emptied every night
```

A code that acknowledges nothing is a finding itself. Findings about other tables cannot be
acknowledged: they are notes. A lint keeps silent where it cannot tell, such as what a `cel` lets
through.
";
