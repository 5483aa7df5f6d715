//! `portpass sessions`: logins that outlive their JWT, and what ends them.

use std::process::ExitCode;

use anyhow::ensure;
use clap::{Args, Subcommand};

use super::{
    identity::Who,
    printer::{Printer, minute},
    reach::Reach,
};
use crate::admin::{RevokeSessions, RevokedSessions, SessionShown, SessionState, Sessions};

/// What stands after `portpass sessions`.
#[derive(Args, Clone, Debug)]
pub(super) struct SessionsArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Show sessions, the latest used first.
    List {
        #[command(flatten)]
        which: Which,
        /// At most so many.
        #[arg(short = 'n', long, default_value_t = 100)]
        limit: u32,
    },
    /// End logins, and refuse every JWT that was issued for them until now.
    Revoke {
        #[command(flatten)]
        which: Which,
        /// Every login there is.
        #[arg(long, conflicts_with_all = ["identity", "issuer", "login", "run"])]
        all: bool,
    },
}

/// Which logins.
#[derive(Args, Clone, Debug)]
struct Which {
    /// Of this identity: the issuer's name and the immutable id.
    #[arg(long, value_name = "ISSUER:ID", conflicts_with_all = ["issuer", "login", "run"])]
    identity: Option<Who>,
    /// Of this issuer.
    #[arg(long, conflicts_with = "login")]
    issuer: Option<String>,
    /// This login: its id, as events have it.
    #[arg(long, conflicts_with = "run")]
    login: Option<String>,
    /// Of this run of the issuer.
    #[arg(long, requires = "issuer")]
    run: Option<String>,
}

impl SessionsArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::List { which, limit } => {
                let (issuer, id) = which.identity();
                let sessions = reach.ask(&Sessions {
                    issuer,
                    id,
                    login: which.login,
                    run: which.run,
                    limit: Some(limit),
                })?;
                let header = [
                    "LOGIN",
                    "IDENTITY",
                    "NAME",
                    "STATE",
                    "ENDS",
                    "LAST USED",
                    "USES",
                    "NETWORKS",
                    "PROVIDER",
                ];
                printer.list(&sessions, header, row)?;
            }
            Verb::Revoke { which, all } => {
                ensure!(
                    all || which.is_said(),
                    "say which logins to end: --login, --identity, --issuer (with --run: of that \
                     run), or --all"
                );
                let (issuer, id) = which.identity();
                let question = RevokeSessions {
                    login: which.login,
                    run: which.run,
                    issuer,
                    id,
                    all,
                };
                let revoked = reach.ask(&question)?;
                if printer.is_json() {
                    Printer::json(&revoked)?;
                } else {
                    Printer::text(&said(revoked))?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Which {
    /// Whether anything is said at all.
    fn is_said(&self) -> bool {
        // A run is said with its issuer.
        self.identity.is_some() || self.issuer.is_some() || self.login.is_some()
    }

    /// Issuer and id.
    fn identity(&self) -> (Option<String>, Option<String>) {
        match &self.identity {
            Some(who) => (Some(who.issuer.clone()), Some(who.id.clone())),
            None => (self.issuer.clone(), None),
        }
    }
}

/// How many there were: a mistyped id ends none.
fn said(revoked: RevokedSessions) -> String {
    let ended = match revoked.sessions {
        0 => "no session was open".to_owned(),
        1 => "1 session has ended".to_owned(),
        many => format!("{many} sessions have ended"),
    };
    format!("{ended}; JWTs that were issued for this until now are refused\n")
}

fn row(session: &SessionShown) -> [String; 9] {
    let state = match session.state {
        SessionState::Ended => "ended",
        SessionState::KeyRevoked => "key revoked",
        SessionState::Live => "live",
        SessionState::Revoked => "revoked",
        SessionState::Suspended => "suspended",
    };
    [
        session.login.clone(),
        format!("{}:{}", session.issuer, session.id),
        session.name.clone(),
        state.to_owned(),
        minute(session.ends_at),
        minute(session.last_used_at),
        session.uses.to_string(),
        session.networks.join(", "),
        provider(session),
    ]
}

/// What an identity provider has to do with it.
fn provider(session: &SessionShown) -> String {
    match &session.provider {
        Some(subject) => format!("{}:{}", subject.issuer, subject.id),
        None if session.person => format!("{}, asked at each use", session.issuer),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::admin::ProviderSubject;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        reach: Reach,
        #[command(flatten)]
        sessions: SessionsArgs,
    }

    #[test]
    fn what_a_provider_has_to_do_with_a_session_is_shown() {
        let session = SessionShown {
            login: "k7f3a2bcdefghijk".to_owned(),
            issuer: "keycloak".to_owned(),
            id: "f3a1".to_owned(),
            name: "alice".to_owned(),
            run: None,
            state: SessionState::Live,
            opened_at: jiff::Timestamp::UNIX_EPOCH,
            ends_at: jiff::Timestamp::UNIX_EPOCH,
            last_used_at: jiff::Timestamp::UNIX_EPOCH,
            uses: 1,
            networks: Vec::new(),
            person: false,
            provider: None,
        };
        assert_eq!(provider(&session), "");
        let person = SessionShown {
            person: true,
            ..session.clone()
        };
        assert_eq!(provider(&person), "keycloak, asked at each use");
        let job = SessionShown {
            provider: Some(ProviderSubject {
                issuer: "keycloak".to_owned(),
                id: "f3a1".to_owned(),
            }),
            issuer: "github".to_owned(),
            ..session
        };
        assert_eq!(provider(&job), "keycloak:f3a1");
    }

    #[test]
    fn a_revocation_that_ends_nothing_says_so() {
        let said = |sessions| {
            said(RevokedSessions {
                changed: true,
                sessions,
            })
        };
        assert!(said(0).starts_with("no session was open; "));
        assert!(said(1).starts_with("1 session has ended; "));
        assert!(said(2).starts_with("2 sessions have ended; "));
    }

    #[test]
    fn what_to_end_is_said_in_one_way() {
        for line in [
            "sessions revoke --all",
            "sessions revoke --all -c portpass.toml --server https://portpass.example.com",
            "sessions revoke --issuer github",
            "sessions revoke --issuer github --run 7",
            "sessions revoke --identity github:74",
            "sessions revoke --login k7f3a2bcdefghijk",
        ] {
            assert!(Line::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in [
            "sessions revoke --all --issuer github",
            "sessions revoke --run 7",
            "sessions revoke --identity github:74 --issuer github",
            "sessions revoke --identity github",
            "sessions revoke --login k7f3a2bcdefghijk --issuer github",
        ] {
            assert!(Line::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
