//! What came of one request: its answer, its event, its log and who was asked.

use portpass::audit::Event;
use serde_json::Value;

use super::{setting::UNTOLD, wire::Reply};

/// Everything that one request has left.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Which variant of the case it is of, for whoever reads a failure.
    pub(super) about: String,
    pub(super) replies: Vec<Reply>,
    pub(super) events: Vec<Event>,
    /// How many connections the server has opened.
    pub(super) connections: usize,
    /// How many requests the access log has of it.
    pub(super) logged: usize,
}

impl Outcome {
    /// The one answer.
    pub(super) fn reply(&self) -> &Reply {
        assert_eq!(self.replies.len(), 1, "{}: {self:#?}", self.about);
        &self.replies[0]
    }

    pub(super) fn status(&self) -> u16 {
        self.reply().status
    }

    pub(super) fn message(&self) -> String {
        let body = self.reply().json();
        body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The one event, of which this request is one more.
    pub(super) fn event(&self) -> &Event {
        assert_eq!(self.events.len(), 1, "{self:#?}");
        assert_eq!(self.events[0].count, 1, "{self:#?}");
        &self.events[0]
    }

    /// A token with a scope, one event that says so, and nobody was asked.
    pub(super) fn is_granted(&self, scope: &str) -> &Self {
        self.asks(0).is_granted_after_asking(scope)
    }

    /// The same, whoever was asked.
    pub(super) fn is_granted_after_asking(&self, scope: &str) -> &Self {
        let body = self.reply().json();
        assert_eq!(self.status(), 200, "{self:#?}");
        assert_eq!(body["scope"], scope, "{self:#?}");
        let event = self.event();
        assert!(matches!(&*event.kind, "token" | "anonymous"), "{self:#?}");
        assert_eq!(self.logged, 1, "{self:#?}");
        self
    }

    /// The claims of the token that was given.
    pub(super) fn token(&self) -> Value {
        crate::app::claims_of(self.reply().json()["token"].as_str().unwrap())
    }

    pub(super) fn refresh_token(&self) -> String {
        let body = self.reply().json();
        body["refresh_token"].as_str().unwrap().to_owned()
    }

    /// Nobody was proven, and only the category is told.
    pub(super) fn is_stranger(&self, reason: &str) -> &Self {
        self.asks(0).is_stranger_after_asking(reason)
    }

    /// The same, where the issuer had to be asked for its keys.
    pub(super) fn is_stranger_after_asking(&self, reason: &str) -> &Self {
        self.is_refused_as(401, "UNAUTHORIZED", "invalid_client");
        let message = self.message();
        // Of what the JWT says nothing is believed, and so nothing repeated; where
        // there is none, what was asked is.
        let own = ["acme", "refs/", "octavia", "evil"];
        for own in own.iter().filter(|_| reason != "login_required") {
            assert!(!message.contains(own), "{own}: {self:#?}");
        }
        let event = self.event();
        assert_eq!(event.kind, "stranger", "{self:#?}");
        assert_eq!(event.reason.as_deref(), Some(reason), "{self:#?}");
        assert_eq!(event.identity, None, "{self:#?}");
        self
    }

    /// Somebody known is refused, for a reason that they are told.
    pub(super) fn is_refused(&self, reason: &str, identity: &str) -> &Self {
        self.asks(0).is_refused_as(401, "DENIED", "access_denied");
        let event = self.event();
        assert_eq!(event.kind, "refusal", "{self:#?}");
        assert_eq!(event.reason.as_deref(), Some(reason), "{self:#?}");
        assert_eq!(event.identity.as_deref(), Some(identity), "{self:#?}");
        let decision = event.decision.as_deref().unwrap();
        assert!(self.message().ends_with(decision), "{self:#?}");
        self
    }

    /// A refusal before proof or after it, whichever it is.
    pub(super) fn gives_nothing(&self) -> &Self {
        match &*self.event().kind {
            "stranger" => self
                .asks(0)
                .is_refused_as(401, "UNAUTHORIZED", "invalid_client"),
            "refusal" => self.asks(0).is_refused_as(401, "DENIED", "access_denied"),
            _ => panic!("{self:#?}"),
        }
        self
    }

    /// Nobody can tell what is asked.
    pub(super) fn is_nonsense(&self) -> &Self {
        let body = self.reply().json();
        let error = body["error"].as_str().unwrap_or_default().to_owned();
        self.asks(0).is_refused_as(400, "UNSUPPORTED", &error);
        let event = self.event();
        assert_eq!(event.kind, "stranger", "{self:#?}");
        assert_eq!(event.reason.as_deref(), Some("nonsense"), "{self:#?}");
        assert_eq!(event.identity, None, "{self:#?}");
        self
    }

    /// Too many requests, and when to come again.
    pub(super) fn is_too_many(&self) -> &Self {
        self.asks(0)
            .is_refused_as(429, "TOOMANYREQUESTS", "temporarily_unavailable");
        let wait = self.reply().field("retry-after").unwrap();
        assert!(wait.parse::<u64>().unwrap() >= 1, "{self:#?}");
        self
    }

    /// Another system fails, and that is not the caller's fault.
    pub(super) fn is_unavailable(&self) -> &Self {
        self.is_refused_as(503, "UNAVAILABLE", "temporarily_unavailable");
        assert!(self.reply().field("retry-after").is_some(), "{self:#?}");
        let event = self.event();
        assert_eq!(
            (event.kind.as_str(), event.identity.as_deref()),
            ("failure", None),
            "{self:#?}"
        );
        self
    }

    /// No such place, or not by this method: nothing was read, nothing recorded.
    pub(super) fn is_nowhere(&self, status: u16) -> &Self {
        assert_eq!(self.asks(0).status(), status, "{self:#?}");
        assert!(self.events.is_empty(), "{self:#?}");
        assert_eq!(self.reply().json()["token"], Value::Null, "{self:#?}");
        self
    }

    /// What the message says among other things.
    pub(super) fn says(&self, words: &str) -> &Self {
        assert!(self.message().contains(words), "{words}: {self:#?}");
        self
    }

    /// How many connections the server has opened for it.
    pub(super) fn asks(&self, connections: usize) -> &Self {
        assert_eq!(self.connections, connections, "{self:#?}");
        self
    }

    fn is_refused_as(&self, status: u16, code: &str, error: &str) {
        let reply = self.reply();
        let body = reply.json();
        assert_eq!(reply.status, status, "{self:#?}");
        assert_eq!(body["token"], Value::Null, "{self:#?}");
        let errors = body["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{self:#?}");
        assert_eq!(errors[0]["code"], code, "{self:#?}");
        assert_eq!(body["error"], error, "{self:#?}");
        assert_eq!(body["error_description"], errors[0]["message"], "{self:#?}");
        assert_eq!(reply.field("cache-control"), Some("no-store"), "{self:#?}");
        let message = self.message();
        for untold in UNTOLD {
            assert!(!message.contains(untold), "{untold}: {self:#?}");
        }
        let is_plain = message
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        assert!(is_plain && !message.contains("::"), "{self:#?}");
        assert_eq!(self.logged, 1, "{self:#?}");
    }
}
