//! What a grant presents: exactly one credential, of those that it takes.

use super::Form;
use crate::{
    credential::{ClientCredentials, Presented},
    refused::Nonsense,
};

/// How a client says that its assertion is a JWT (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The header, as a credential beside those of the form.
const HEADER: &str = "the Authorization header";

/// The grants of the token endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum GrantType {
    /// RFC 6749 §4.4, with a JWT instead of a secret (RFC 7523 §2.2).
    ClientCredentials,
    /// RFC 7523 §2.1.
    JwtBearer,
    /// RFC 6749 §4.3.
    Password,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 8693.
    TokenExchange,
}

impl GrantType {
    pub(super) const ALL: [Self; 5] = [
        Self::ClientCredentials,
        Self::JwtBearer,
        Self::Password,
        Self::RefreshToken,
        Self::TokenExchange,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::Password => "password",
            Self::RefreshToken => "refresh_token",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// The grant of a form.
    ///
    /// # Errors
    ///
    /// When it names none, or one that we do not know.
    pub(super) fn of(form: &Form) -> Result<Self, Nonsense> {
        let Some(name) = form.text("grant_type") else {
            return Err(wrong("the request has no grant_type".to_owned()));
        };
        let mut all = Self::ALL.into_iter();
        all.find(|grant| grant.name() == name)
            .ok_or(Nonsense::OAuthGrantType)
    }

    /// Where its credential stands; the first is what it is asked for.
    const fn takes(self) -> &'static [&'static str] {
        match self {
            Self::ClientCredentials => &["client_assertion", "client_secret", "password", HEADER],
            Self::JwtBearer => &["assertion"],
            Self::Password => &["password"],
            Self::RefreshToken => &["refresh_token"],
            Self::TokenExchange => &["subject_token"],
        }
    }

    /// Whether it may come without a credential: anonymous.
    const fn may_be_anonymous(self) -> bool {
        match self {
            Self::ClientCredentials => true,
            Self::JwtBearer | Self::Password | Self::RefreshToken | Self::TokenExchange => false,
        }
    }
}

/// The `Authorization` header of a request, as it came and taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) value: &'a [u8],
    /// Nothing where it cannot be read; the journey says what is wrong with it.
    pub(super) client: Option<&'a ClientCredentials>,
}

impl<'a> Header<'a> {
    /// A public client may name itself with an empty secret (RFC 6749 §2.3.1).
    fn secret(&self) -> &'a str {
        self.client.map_or("?", ClientCredentials::secret)
    }

    fn presented(self) -> Presented<'a> {
        match self.client {
            Some(client) if client.is_encoded() => Presented {
                username: Some(client.id()),
                password: Some(client.secret()),
                ..Presented::default()
            },
            Some(_) | None => Presented {
                authorization: Some(self.value),
                ..Presented::default()
            },
        }
    }
}

/// What a request presents under its grant.
///
/// # Errors
///
/// When the credential that the grant takes is missing, another one is there,
/// or more than one (RFC 6749 §2.3): to pass over one would make its bearer
/// anonymous.
pub(super) fn presented<'a>(
    grant: GrantType,
    form: &'a Form,
    header: Option<Header<'a>>,
) -> Result<Presented<'a>, Nonsense> {
    refuse_actors(form)?;
    let in_header = header.map(|header| (HEADER, header.secret()));
    let there: Vec<(&str, &str)> = form.credentials().chain(in_header).collect();
    let mut filled = there.iter().filter(|(_, value)| !value.is_empty());
    let found = match (filled.next(), filled.next()) {
        (Some((one, _)), Some((other, _))) => {
            return Err(wrong(format!(
                "the request has more than one credential: {one} and {other}"
            )));
        }
        (Some(one), None) => Some(*one),
        // Empty: what should have been there was lost on the way.
        (None, _) => there
            .into_iter()
            .find(|(name, _)| grant.takes().contains(name) && !is_nobody(grant, name, form)),
    };
    let Some((name, value)) = found else {
        return nothing(grant, form);
    };
    if !grant.takes().contains(&name) {
        return Err(wrong(match grant.takes() {
            [wanted] => format!("grant_type={} needs {wanted}, not {name}", grant.name()),
            _ => format!("grant_type={} takes no {name}", grant.name()),
        }));
    }
    check_assertion_type(grant, form, name)?;
    check_token_types(grant, form)?;
    Ok(match (name, header) {
        (HEADER, Some(header)) => header.presented(),
        ("refresh_token", _) => Presented {
            refresh_token: Some(value),
            ..Presented::default()
        },
        _ => Presented {
            username: form.text("username").filter(|_| name == "password"),
            password: Some(value),
            ..Presented::default()
        },
    })
}

/// Whether an empty password belongs to nobody: whoever has neither name nor
/// password says so with two empty values, as distribution-oauth does.
fn is_nobody(grant: GrantType, name: &str, form: &Form) -> bool {
    grant.may_be_anonymous() && name == "password" && form.value("username") == Some("")
}

/// A request without a credential.
fn nothing<'a>(grant: GrantType, form: &Form) -> Result<Presented<'a>, Nonsense> {
    if !grant.may_be_anonymous() {
        let wanted = grant.takes().first().copied().unwrap_or_default();
        let name = grant.name();
        return Err(wrong(format!("grant_type={name} needs {wanted}")));
    }
    if form.text("client_assertion_type").is_some() {
        return Err(wrong(
            "client_assertion_type needs a client_assertion".to_owned(),
        ));
    }
    if form.text("username").is_some() {
        return Err(wrong("a username needs a password".to_owned()));
    }
    Ok(Presented::default())
}

/// Where an assertion is announced, there is one, and it is a JWT; a secret
/// serves as one, for those who can set nothing else from a file.
fn check_assertion_type(grant: GrantType, form: &Form, name: &str) -> Result<(), Nonsense> {
    if grant != GrantType::ClientCredentials {
        return Ok(());
    }
    match (form.text("client_assertion_type"), name) {
        (Some(JWT_BEARER), "client_assertion" | "client_secret" | HEADER) => Ok(()),
        (Some(JWT_BEARER), _) => Err(wrong(format!(
            "client_assertion_type needs a client_assertion, not {name}"
        ))),
        (Some(_), _) => Err(wrong(format!("client_assertion_type must be {JWT_BEARER}"))),
        (None, "client_assertion") => Err(wrong(format!(
            "a client_assertion needs client_assertion_type={JWT_BEARER}"
        ))),
        (None, _) => Ok(()),
    }
}

/// What a token exchange says of both tokens (RFC 8693 §2.1).
fn check_token_types(grant: GrantType, form: &Form) -> Result<(), Nonsense> {
    if grant != GrantType::TokenExchange {
        return Ok(());
    }
    match form.text("subject_token_type") {
        Some(ACCESS_TOKEN | ID_TOKEN | JWT) => {}
        Some(_) => {
            return Err(wrong(format!(
                "subject_token_type must be {JWT}, {ID_TOKEN} or {ACCESS_TOKEN}"
            )));
        }
        None => return Err(wrong("a subject_token needs subject_token_type".to_owned())),
    }
    match form.text("requested_token_type") {
        None | Some(ACCESS_TOKEN | JWT) => Ok(()),
        Some(_) => Err(wrong(format!(
            "requested_token_type must be {ACCESS_TOKEN} or {JWT}"
        ))),
    }
}

/// What the answer says of its token; nothing but in a token exchange.
pub(super) fn issued_token_type(grant: GrantType, form: &Form) -> Option<&'static str> {
    match (grant, form.text("requested_token_type")) {
        (GrantType::TokenExchange, Some(JWT)) => Some(JWT),
        (GrantType::TokenExchange, _) => Some(ACCESS_TOKEN),
        (
            GrantType::ClientCredentials
            | GrantType::JwtBearer
            | GrantType::Password
            | GrantType::RefreshToken,
            _,
        ) => None,
    }
}

/// Nobody acts for somebody else here.
fn refuse_actors(form: &Form) -> Result<(), Nonsense> {
    for name in ["actor_token", "actor_token_type"] {
        if form.text(name).is_some() {
            return Err(wrong(format!("{name} is not supported")));
        }
    }
    Ok(())
}

fn wrong(message: String) -> Nonsense {
    Nonsense::Request(message)
}

#[cfg(test)]
mod tests;
