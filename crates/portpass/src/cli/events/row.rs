//! An event as a row of the table.

use serde_json::Value;

use crate::audit::Event;

/// Its columns: when, what kind, how often, who, what, and the decision.
pub(super) fn row(event: &Event) -> [String; 6] {
    let text = |key: &str| event.body.get(key).and_then(Value::as_str);
    let who = match (&event.issuer, &event.identity) {
        _ if event.kind == "operator" => text("actor").unwrap_or("-").to_owned(),
        (Some(issuer), Some(id)) => match text("name") {
            Some(name) if name != id => format!("{issuer}:{id} ({name})"),
            Some(_) | None => format!("{issuer}:{id}"),
        },
        (Some(issuer), None) => issuer.clone(),
        // Whom the provider alone knows, as it names them.
        _ => text("user")
            .or(text("provider_subject"))
            .or(text("network"))
            .or(text("address"))
            .unwrap_or("-")
            .to_owned(),
    };
    let granted = || {
        let entries = event.body.get("access")?.as_array()?.iter();
        let scopes = entries.map(|entry| {
            let actions = entry.get("actions").and_then(Value::as_array);
            let actions = actions.into_iter().flatten().filter_map(Value::as_str);
            let name = entry
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("{name}:{}", actions.collect::<Vec<_>>().join(","))
        });
        let scopes = scopes.collect::<Vec<_>>().join(" ");
        Some(if scopes.is_empty() {
            "login".to_owned()
        } else {
            scopes
        })
    };
    let repositories = || {
        let names = event.body.get("repositories")?.as_array()?.iter();
        Some(
            names
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" "),
        )
    };
    let what = match (event.reason.as_deref(), text("asked")) {
        (Some(reason), Some(asked)) if !asked.is_empty() => format!("{reason}: {asked}"),
        (Some(reason), _) => reason.to_owned(),
        (None, _) => granted()
            .or_else(repositories)
            .or_else(|| done(event))
            .unwrap_or_default(),
    };
    [
        event.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        event.kind.clone(),
        event.count.to_string(),
        who,
        what,
        event.decision.clone().unwrap_or_default(),
    ]
}

/// What an operator did, and to whom.
fn done(event: &Event) -> Option<String> {
    let mut words = vec![event.body.get("action")?.as_str()?.to_owned()];
    match (&event.issuer, &event.identity) {
        (Some(issuer), Some(id)) => words.push(format!("{issuer}:{id}")),
        (Some(issuer), None) => words.push(issuer.clone()),
        (None, _) => {}
    }
    let detail = event.body.get("detail").and_then(Value::as_object);
    for key in [
        "command",
        "registry",
        "name",
        "group",
        "namespace",
        "kind",
        "value",
        "kid",
        "key",
    ] {
        let word = detail.and_then(|detail| detail.get(key)?.as_str());
        words.extend(word.filter(|word| !word.is_empty()).map(str::to_owned));
    }
    let of = |key: &str| detail.and_then(|detail| detail.get(key));
    for (key, beside) in [("from", "to"), ("to", "from")] {
        let side = of(key).and_then(|value| side(value, of(beside)));
        words.extend(side.map(|side| format!("{key} {side}")));
    }
    let with_keys = detail.and_then(|detail| detail.get("keys")?.as_bool());
    words.extend((with_keys == Some(true)).then(|| "with keys".to_owned()));
    Some(words.join(" "))
}

/// What something was before or is now: an identity, or what an issuer's name stands for, as
/// far as it differs from what is beside it.
fn side(value: &Value, beside: Option<&Value>) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let is_same = |key: &str| beside.is_some_and(|beside| beside.get(key) == value.get(key));
    if is_same("kind") && is_same("iss") {
        return Some(value.get("source")?.as_str()?.to_owned());
    }
    let kind = value.get("kind")?.as_str()?;
    let iss = value.get("iss")?.as_array()?.iter();
    let iss: Vec<&str> = iss.filter_map(Value::as_str).collect();
    Some(format!("{kind} {}", iss.join(", ")).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn event(kind: &str, about: (&str, &str), body: Value) -> Event {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Event {
            id: "1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            count: 1,
            kind: kind.to_owned(),
            reason: None,
            decision: None,
            login: None,
            registry: None,
            issuer: text(about.0),
            identity: text(about.1),
            body,
        }
    }

    #[test]
    fn whom_the_provider_alone_knows_is_told_by_its_name_for_them() {
        let subject = "registry-repo:acme@65/web@74:ref:refs/heads/main";
        let who = |body| {
            let [_, _, _, who, _, _] = row(&event("token", ("", ""), body));
            who
        };
        let job = json!({ "provider_subject": subject, "address": "192.0.2.1" });
        assert_eq!(who(job), subject);
        assert_eq!(who(json!({ "address": "192.0.2.1" })), "192.0.2.1");
    }

    #[test]
    fn what_an_operator_did_is_told_with_whom_it_is_about() {
        let told = |about, action: &str, detail: Value| {
            let body = json!({ "action": action, "actor": "uid 0", "detail": detail });
            let [_, kind, _, who, what, _] = row(&event("operator", about, body));
            assert_eq!((kind.as_str(), who.as_str()), ("operator", "uid 0"));
            what
        };
        let group = json!({ "group": "acl_docker_push" });
        assert_eq!(
            told(("github", "74"), "groups add", group),
            "groups add github:74 acl_docker_push"
        );
        let owner = json!({ "registry": "prod", "namespace": "apps/web", "from": "github:74" });
        assert_eq!(
            told(("github", "75"), "namespaces transfer", owner),
            "namespaces transfer github:75 prod apps/web from github:74"
        );
        let of = |kind: &str, iss: &str| json!({ "kind": kind, "iss": [iss], "source": "file" });
        let bound = json!({ "from": of("gitlab", "https://a"), "to": of("oidc", "https://b") });
        assert_eq!(
            told(("gitlab", ""), "issuers rebind", bound),
            "issuers rebind gitlab from gitlab https://a to oidc https://b"
        );
        let keys = |source: &str| json!({ "kind": "oidc", "iss": ["a"], "source": source });
        let bound = json!({ "from": keys("discovery https://a/"), "to": keys("file a.jwks") });
        assert_eq!(
            told(("idp", ""), "issuers rebind", bound),
            "issuers rebind idp from discovery https://a/ to file a.jwks"
        );
        let none = ("", "");
        assert_eq!(told(none, "backup", json!({ "keys": false })), "backup");
        assert_eq!(
            told(none, "backup", json!({ "keys": true })),
            "backup with keys"
        );
    }

    #[test]
    fn a_name_that_is_the_id_is_said_once() {
        let who = |name: &str| {
            let body = json!({ "name": name, "access": [] });
            let [_, _, _, who, _, _] = row(&event("token", ("github", "74"), body));
            who
        };
        assert_eq!(who("acme/web"), "github:74 (acme/web)");
        assert_eq!(who("74"), "github:74");
    }
}
