//! What can be wrong, by names that stay.

use serde::Serialize;

/// A cause; `code` is for programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    BundleExpired,
    CaExpired,
    ClockSkew,
    Credential,
    HeaderSize,
    IssuerKeys,
    JwtAudience,
    JwtExpired,
    JwtIssuer,
    KeyAlgorithm,
    KeyId,
    Mount,
    NoTokenAuth,
    NotARegistry,
    Post,
    ProxyAuthorization,
    ProxyScheme,
    Realm,
    RealmScheme,
    RealmUnreachable,
    Refresh,
    RegistryBundle,
    RegistryIssuer,
    RegistryRestart,
    RegistryUnreachable,
    Service,
    TlsChain,
    TlsExpired,
    TlsName,
    TlsPlain,
    TokenAudience,
    TokenServer,
}

impl Cause {
    /// What it is, in one sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::BundleExpired => {
                "The certificate that the registry trusts has expired, and with it every token under it."
            }
            Self::CaExpired => {
                "The CA that tokens are signed under has expired, so none can be signed."
            }
            Self::ClockSkew => {
                "The clocks differ by more than the minute that registries tolerate."
            }
            Self::Credential => "The token server does not accept the credential.",
            Self::HeaderSize => {
                "A proxy limits the size of a header to less than a long JWT needs."
            }
            Self::IssuerKeys => "The token server cannot get the keys of the JWT's issuer.",
            Self::JwtAudience => "The JWT was made for another audience.",
            Self::JwtExpired => "The JWT has expired.",
            Self::JwtIssuer => "The JWT comes from an issuer that is not configured.",
            Self::KeyAlgorithm => {
                "The registry does not accept the algorithm that tokens are signed with."
            }
            Self::KeyId => {
                "The token names its key in a way in which this version of the registry does not look it up."
            }
            Self::Mount => {
                "The token server refuses a push because of a second repository, which clients only \
                 mount from if they may."
            }
            Self::NoTokenAuth => "The registry does not ask for tokens.",
            Self::NotARegistry => "What answers is not a registry.",
            Self::Post => {
                "The token endpoint does not answer POST as containerd and BuildKit expect."
            }
            Self::ProxyAuthorization => "A proxy takes the Authorization header away.",
            Self::ProxyScheme => {
                "The registry does not know that its clients come by HTTPS, and sends them to HTTP."
            }
            Self::Realm => "The realm that the registry announces is not a token endpoint.",
            Self::RealmScheme => "Clients are told to send their credentials in the clear.",
            Self::RealmUnreachable => {
                "The realm that the registry announces cannot be reached from here."
            }
            Self::Refresh => "The refresh token that `docker login` is given is of no use.",
            Self::RegistryBundle => {
                "The registry trusts other keys than those that tokens are signed with."
            }
            Self::RegistryIssuer => "The registry expects tokens of another issuer.",
            Self::RegistryRestart => {
                "The registry's files are right, and it has not read them since they are."
            }
            Self::RegistryUnreachable => "The registry cannot be reached from here.",
            Self::Service => {
                "The token server knows no registry of the name that this one gives itself."
            }
            Self::TlsChain => {
                "The certificate cannot be verified: its chain leads to nobody whom clients trust."
            }
            Self::TlsExpired => "The certificate's dates are not right.",
            Self::TlsName => "The certificate is for another name.",
            Self::TlsPlain => "The port speaks HTTP without TLS.",
            Self::TokenAudience => "The token was made for another registry.",
            Self::TokenServer => "The token server fails.",
        }
    }
}
