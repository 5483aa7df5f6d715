//! `[relay]`: the identity provider beside which Portpass stands.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Located,
    endpoint::{check_token_url, place_of},
    names,
    read::Reading,
    secret::SecretSection,
};
use crate::{
    identity::{IssuerKind, IssuerSettings},
    relay::{AccessFrom, AnonymousAs, Answering, JwtGrant, PasswordGrant, RelaySettings},
};

/// Shortest key that nobody guesses.
const MIN_SESSION_KEY_BYTES: usize = 32;

/// The longest CA bundle, in bytes.
const MAX_CA_BYTES: u64 = 1 << 20;

/// An identity provider that is asked for people, and for jobs if that is
/// wanted: who they are, or for the token itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RelaySection {
    /// What decides on the access of a token of ours: `rules` here, or the
    /// `access` claim of the provider's token, cut to what was asked. With
    /// `answer = "resign"` only. Default: `"rules"`.
    access: Option<Located<AccessWord>>,
    /// Whether the provider's address may be a private one.
    #[serde(default)]
    allow_private_network: bool,
    /// File with the JWT as whose subject callers without a credential are
    /// presented to the provider, such as a pod's; read anew each time.
    /// Example: `"/var/run/secrets/kubernetes.io/serviceaccount/token"`.
    anonymous_jwt_file: Option<Located<String>>,
    /// The password that belongs to `anonymous_username`.
    anonymous_password: Option<Located<SecretSection>>,
    /// As whom callers without a credential are presented to the provider.
    /// Neither this nor `anonymous_jwt_file`: it is not asked for them.
    anonymous_username: Option<Located<String>>,
    /// What is answered: `resign` a token of ours, for any registry that trusts
    /// us, or `passthrough` the provider's own, for registries that trust its key.
    answer: Located<AnswerWord>,
    /// PEM file with the CA of the provider's server, where it is not a public one.
    ca: Option<Located<String>>,
    /// As which client of the provider we ask. Example: `"registry"`.
    client_id: Located<String>,
    /// The secret of that client, if it has one. It is not sent with the grant
    /// `client_credentials`, where what the caller presents stands in its place.
    client_secret: Option<Located<SecretSection>>,
    /// How a job's JWT is sent: as `client_assertion` with the grant
    /// `client_credentials` (authentik), as `assertion` with the grant
    /// `jwt-bearer` (RFC 7523 §2.1), or `none`: not at all, where our issuers
    /// and rules are enough.
    #[serde(default)]
    jwt_grant: Located<JwtGrant>,
    /// A user name under which a password must be a JWT; anything else is
    /// refused and never sent. Example: `"JWT"`.
    jwt_username: Option<Located<String>>,
    /// How a person's user name and password are sent: with the grant
    /// `client_credentials` (authentik) or `password` (RFC 6749 §4.3; Keycloak).
    #[serde(default)]
    password_grant: PasswordGrant,
    /// The `[issuer]` of kind `oidc` that the provider's tokens are of: they
    /// are verified as its. Required by `answer = "resign"`.
    provider: Option<Located<String>>,
    /// What is asked for beside the registry's scopes, words with spaces
    /// between. `offline_access` is sent only where a refresh token is wanted.
    /// Example: `"docker-registry profile"`.
    scope: Option<Located<String>>,
    /// What browsers' cookies and the provider's refresh tokens are sealed
    /// with: a text of at least 32 bytes. Default: made at the first start,
    /// and kept in `store.data_dir`. Several servers with one database need the same.
    session_key: Option<Located<SecretSection>>,
    /// The provider's token endpoint (RFC 6749 §3.2): `https`, or `http` on
    /// loopback. Example: `"https://id.example.com/application/o/token/"`.
    token_url: Located<String>,
    /// Whether the provider alone says whose JWTs are good: whatever a caller
    /// presents is sent to it, and no `[issuer]` is asked. Many providers look
    /// neither at the audience nor at the issuer of a JWT, so this lets
    /// strangers in; it is warned about and marked in every event.
    #[serde(default)]
    trust_provider: Located<bool>,
}

/// What is answered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum AnswerWord {
    Passthrough,
    Resign,
}

/// What decides on the access of a token of ours.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "lowercase")]
enum AccessWord {
    Claim,
    Rules,
}

/// Takes the section, if it is there, with where it stands.
pub(super) fn settle(
    reading: &mut Reading<'_>,
    issuers: &[IssuerSettings],
    issuer_names: &[String],
) -> Option<Located<RelaySettings>> {
    let section = reading.optional::<RelaySection>("relay")?;
    let at = section.token_url.at;
    let token_url = section.token_url.value.as_str();
    if let Err(message) = check_token_url(token_url, section.allow_private_network) {
        reading.fault(at, message);
    }
    check_words(&section, reading);
    check_answer(&section, issuers, issuer_names, reading);
    let answering = match (section.answer.value, &section.access) {
        (AnswerWord::Passthrough, _) => Answering::Passthrough,
        (AnswerWord::Resign, Some(access)) if access.value == AccessWord::Claim => {
            Answering::Resign(AccessFrom::Claim)
        }
        (AnswerWord::Resign, _) => Answering::Resign(AccessFrom::Rules),
    };
    let anonymous = anonymous(
        section.anonymous_username,
        section.anonymous_password,
        section.anonymous_jwt_file,
        reading,
    );
    let ca = section
        .ca
        .and_then(|path| reading.text(&path, MAX_CA_BYTES));
    let mut secret = |secret: Option<Located<SecretSection>>| secret?.settle(reading);
    let client_secret = secret(section.client_secret);
    let session_key_at = section.session_key.as_ref().map(|key| key.at);
    let session_key = secret(section.session_key);
    if let (Some(key), Some(key_at)) = (&session_key, session_key_at)
        && key.expose().len() < MIN_SESSION_KEY_BYTES
    {
        let message = format!(
            "the `session_key` is shorter than {MIN_SESSION_KEY_BYTES} bytes; make one with \
             `openssl rand -hex 32`"
        );
        reading.fault(reading.sources.away_from(key_at, at), message);
    }
    let value = RelaySettings {
        client_secret,
        session_key,
        token_url: section.token_url.value,
        ca: ca.map(String::into_bytes),
        allow_private_network: section.allow_private_network,
        client_id: section.client_id.value,
        scope: section.scope.map(|scope| scope.value),
        provider: section.provider.map(|name| Arc::from(name.value)),
        answering,
        jwt_grant: section.jwt_grant.value,
        password_grant: section.password_grant,
        jwt_username: section.jwt_username.map(|name| name.value),
        anonymous,
        trust_provider: section.trust_provider.value,
        any_service: false,
    };
    Some(Located { value, at })
}

/// Whether the words that are sent to the provider can be sent.
fn check_words(section: &RelaySection, reading: &mut Reading<'_>) {
    if section.client_id.value.is_empty() {
        reading.fault(section.client_id.at, "the client id is empty");
    }
    if let Some(scope) = &section.scope {
        // RFC 6749 §3.3, with single spaces or more between.
        let is_token = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~' | b' ');
        if !scope.value.bytes().all(is_token) {
            let message = "a scope is words of printable ASCII with spaces between";
            reading.fault(scope.at, message);
        }
    }
    if let Some(name) = &section.jwt_username
        && (name.value.is_empty() || name.value.contains(':'))
    {
        reading.fault(
            name.at,
            "a user name is not empty and contains no colon (RFC 7617 §2)",
        );
    }
}

/// Whether the parts fit together.
fn check_answer(
    section: &RelaySection,
    issuers: &[IssuerSettings],
    issuer_names: &[String],
    reading: &mut Reading<'_>,
) {
    let is_resigned = section.answer.value == AnswerWord::Resign;
    if let Some(access) = section.access.as_ref().filter(|_| !is_resigned) {
        let message = "what is passed through has the provider's access; leave `access` out, or \
                       use `answer = \"resign\"`";
        reading.fault(access.at, message);
    }
    match &section.provider {
        Some(provider) => {
            names::refer(reading, "issuer", [provider], issuer_names);
            let named = issuers.iter().find(|issuer| issuer.name == provider.value);
            if named.is_some_and(|issuer| issuer.kind.value != IssuerKind::Oidc) {
                let message = format!(
                    "`{}` is no identity provider: name an issuer of kind `oidc`",
                    provider.value
                );
                reading.fault(provider.at, message);
            }
        }
        None if is_resigned => {
            let message = "to sign for whom the provider vouches, its tokens must be verified: \
                           name its issuer in `provider`";
            reading.fault(section.answer.at, message);
        }
        None => {}
    }
    let by_rules = is_resigned
        && section
            .access
            .as_ref()
            .is_none_or(|access| access.value == AccessWord::Rules);
    let presented = section.anonymous_username.as_ref();
    if let Some(name) = presented.or(section.anonymous_jwt_file.as_ref())
        && by_rules
    {
        let message = "our rules give callers without a credential what rules with `anonymous = \
                       true` say, whoever they are presented as: leave `anonymous_*` out";
        reading.fault(name.at, message);
    }
    if section.jwt_grant.value == JwtGrant::None {
        if !by_rules {
            let message = "without the provider there is no access to answer with: `\"none\"` \
                           goes with `answer = \"resign\"` and our rules only";
            reading.fault(section.jwt_grant.at, message);
        }
        if section.trust_provider.value {
            let message = "a provider that is not shown any JWT cannot be trusted to look at \
                           them; leave one of `jwt_grant = \"none\"` and `trust_provider` out";
            reading.fault(section.trust_provider.at, message);
        }
    }
}

/// As whom callers without a credential are presented.
fn anonymous(
    name: Option<Located<String>>,
    password: Option<Located<SecretSection>>,
    jwt_file: Option<Located<String>>,
    reading: &mut Reading<'_>,
) -> Option<AnonymousAs> {
    if let (Some(name), Some(_)) = (&name, &jwt_file) {
        let message = "callers without a credential are one or the other: leave \
                       `anonymous_username` or `anonymous_jwt_file` out";
        reading.fault(name.at, message);
    }
    match (name, password, jwt_file) {
        (None, None, None) => None,
        (None, None, Some(path)) => Some(AnonymousAs::JwtFile(reading.unwatched_file(&path))),
        (Some(name), Some(password), _) => Some(AnonymousAs::User {
            name: name.value,
            password: password.settle(reading)?,
        }),
        (Some(name), None, _) => {
            reading.fault(name.at, "`anonymous_password` is missing beside it");
            None
        }
        (None, Some(password), _) => {
            reading.fault(password.at, "`anonymous_username` is missing beside it");
            None
        }
    }
}

/// What is probably not meant, in words for the operator.
pub(super) fn warnings(relay: &RelaySettings, is_shared: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if relay.trust_provider {
        warnings.push(
            "whoever the identity provider lets through gets a token, and many look neither at \
             the audience nor at the issuer of a JWT: a stranger's job may be let in. A \
             configuration file with an [issuer] for each platform, and without trust_provider, \
             ends that"
                .to_owned(),
        );
    }
    if place_of(&relay.token_url).is_ok_and(|place| place.is_plain() && !place.is_loopback()) {
        warnings.push(format!(
            "passwords and JWTs cross the network to {} in plain text; use https",
            relay.token_url
        ));
    }
    if is_shared && relay.session_key.is_none() {
        warnings.push(
            "[store] database_url is for several replicas, and each makes a key of its own for \
             what the provider gave; give them one with [relay] session_key"
                .to_owned(),
        );
    }
    warnings
}
