//! What holds of any credential, and of any JWT before it is believed.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::{
    ClientCredentials, Credential, JwtFault, Malformed, Presented, Secret, SecretKind,
    UnverifiedJwt, json::object, jwt::is_jwt_shaped,
};
use crate::fuzzing::laws;

/// The longest JWT that is looked at, in bytes.
const LONGEST_JWT: usize = 16 * 1024;

/// Bytes as an `Authorization` header, as what Basic encodes there, and as a secret of a form.
pub fn authorization(bytes: &[u8]) {
    header(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        basic(text);
        by_shape(text);
        compact(text);
    }
}

type Outcome = Result<Credential, Malformed>;

/// What there is to tell of an outcome; all of it may stand in a log.
fn told(outcome: &Outcome) -> String {
    if let Err(malformed) = outcome {
        laws::is_brief(malformed);
    }
    format!("{outcome:?}")
}

fn header(bytes: &[u8]) {
    let presented = Presented {
        authorization: Some(bytes),
        ..Presented::default()
    };
    let outcome = Credential::from_request(&presented);
    told(&outcome);
    let is_anonymous = matches!(outcome, Ok(Credential::Anonymous));
    assert!(!is_anonymous, "a header is never nobody's");
    let client = ClientCredentials::parse(bytes);
    assert_eq!(
        client.is_err(),
        matches!(outcome, Err(Malformed::Basic | Malformed::Scheme)),
        "a client is read wherever a header is"
    );
    if let Ok(client) = client {
        assert_eq!(format!("{client:?}"), "ClientCredentials { .. }");
        assert!(
            client.has_secret(client.secret()),
            "its own secret is its own"
        );
        assert!(client.is_called(client.id()), "its own name is its own");
    }
    let both = Presented {
        password: Some("x"),
        ..presented
    };
    assert_eq!(
        Credential::from_request(&both).err(),
        Some(Malformed::TwoCredentials),
        "nobody chooses among credentials"
    );
}

/// A user name and a password mean the same in a header and in a form.
fn basic(text: &str) {
    let header = format!("Basic {}", BASE64_STANDARD.encode(text));
    let by_header = Credential::from_request(&Presented {
        authorization: Some(header.as_bytes()),
        ..Presented::default()
    });
    let Some((user, password)) = text.split_once(':') else {
        assert_eq!(by_header.err(), Some(Malformed::Basic), "{text:?}");
        return;
    };
    let by_form = Credential::from_request(&Presented {
        username: Some(user),
        password: Some(password),
        ..Presented::default()
    });
    if by_header.as_ref().err() == Some(&Malformed::ColonInUserName) {
        let (_, after) = password.rsplit_once(':').expect("the colon is there");
        assert!(
            is_jwt_shaped(after) || Secret::parse(after).is_some(),
            "{text:?}"
        );
    } else {
        assert_eq!(told(&by_header), told(&by_form));
    }
}

/// A secret is of one kind by its shape alone.
fn by_shape(text: &str) {
    let read = |username, password, refresh_token| {
        Credential::from_request(&Presented {
            password,
            username,
            refresh_token,
            ..Presented::default()
        })
    };
    let outcome = read(Some("JWT"), Some(text), None);
    let shown = told(&outcome);
    assert_eq!(told(&read(Some("other"), Some(text), None)), shown);
    assert_eq!(told(&read(None, None, Some(text))), shown);
    match &outcome {
        Ok(Credential::Anonymous) => unreachable!("a secret is never nobody's"),
        Ok(Credential::ApiToken(secret)) => is_ours(secret, SecretKind::ApiToken, text),
        Ok(Credential::RefreshToken(secret)) => is_ours(secret, SecretKind::RefreshToken, text),
        Ok(Credential::Jwt(_)) | Err(Malformed::Jwt(_)) => assert!(is_jwt_shaped(text)),
        Ok(Credential::Password(password)) => {
            assert_eq!(shown, "Ok(Password(Password(…)))");
            assert_eq!((password.user(), password.secret().expose()), ("JWT", text));
            assert!(!is_jwt_shaped(text) && Secret::parse(text).is_none());
        }
        Err(Malformed::Empty) => assert!(text.is_empty()),
        Err(Malformed::Secret) => assert!(text.starts_with("portpass_")),
        Err(
            Malformed::Basic
            | Malformed::ColonInUserName
            | Malformed::Scheme
            | Malformed::TwoCredentials,
        ) => unreachable!("nothing of the kind is there: {shown}"),
    }
}

fn is_ours(secret: &Secret, kind: SecretKind, text: &str) {
    assert_eq!((secret.kind(), secret.expose()), (kind, text));
    assert!(text.starts_with(kind.prefix()) && text.len() == 72);
    assert_eq!(
        format!("{secret:?}"),
        format!("Secret {{ kind: {kind:?}, .. }}")
    );
    assert_eq!(secret.hash().as_str().len(), 52, "a SHA-256 in base32");
}

/// A text as a JWT in its compact form (RFC 7515 §3.1).
pub(crate) fn compact(text: &str) {
    if is_plainly_a_jwt(text) {
        assert!(
            is_jwt_shaped(text),
            "what has the shape of a JWT is taken for one"
        );
    }
    match text.parse::<UnverifiedJwt>() {
        Ok(jwt) => {
            assert!(text.len() <= LONGEST_JWT, "{}", text.len());
            assert!(is_jwt_shaped(text), "what is read as a JWT has its shape");
            assert_eq!(jwt.encoded().expose(), text, "there is one way to write it");
            assert!(text.as_bytes().starts_with(jwt.signing_input()));
            let (header, _) = text.split_once('.').expect("there are two dots");
            let header = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
            let header = object(&header).expect("its header says everything once");
            assert!(
                !["crit", "jku", "jwk", "x5u"]
                    .iter()
                    .any(|name| header.contains_key(*name))
            );
            let shown = format!("{jwt:?}");
            assert_eq!(
                shown,
                format!("UnverifiedJwt {{ login: {}, .. }}", jwt.login())
            );
        }
        Err(fault) => {
            laws::is_brief(&fault);
            assert_eq!(fault == JwtFault::TooLarge, text.len() > LONGEST_JWT);
        }
    }
}

/// Two dots, and a JSON object before the first, in base64url as RFC 7515 has it.
fn is_plainly_a_jwt(text: &str) -> bool {
    let header = text.split_once('.').map_or("", |(header, _)| header);
    text.matches('.').count() == 2
        && BASE64_URL_SAFE_NO_PAD
            .decode(header)
            .is_ok_and(|header| object(&header).is_ok())
}
