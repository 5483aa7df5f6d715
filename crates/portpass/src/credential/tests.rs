//! Credentials as clients write them, and as strangers do.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use proptest::prelude::*;

use super::*;

fn part(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

fn jwt_with(header: &str) -> String {
    let payload = part(r#"{"iss":"https://ci.example.com"}"#);
    format!("{}.{payload}.{}", part(header), part("signature"))
}

fn jwt() -> String {
    jwt_with(r#"{"alg":"RS256","kid":"one","typ":"JWT"}"#)
}

fn basic(user: &str, password: &str) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))).into_bytes()
}

fn by_header(header: &[u8]) -> Result<Credential, Malformed> {
    Credential::from_request(&Presented {
        authorization: Some(header),
        ..Presented::default()
    })
}

fn by_form(password: &str) -> Result<Credential, Malformed> {
    Credential::from_request(&Presented {
        password: Some(password),
        ..Presented::default()
    })
}

fn by_refresh_token(text: &str) -> Result<Credential, Malformed> {
    Credential::from_request(&Presented {
        refresh_token: Some(text),
        ..Presented::default()
    })
}

fn secret(kind: SecretKind) -> String {
    Secret::make(kind).unwrap().expose().to_owned()
}

fn fault(password: &str) -> JwtFault {
    match by_form(password) {
        Err(Malformed::Jwt(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_presented_is_anonymous() {
    let nothing = Presented::default();
    assert!(matches!(
        Credential::from_request(&nothing),
        Ok(Credential::Anonymous)
    ));
}

#[test]
fn a_jwt_is_a_jwt_under_any_user_name() {
    for user in ["JWT", "", "<token>", "robot$ci", "a b@c/d%", "Jürgen"] {
        assert!(
            matches!(by_header(&basic(user, &jwt())), Ok(Credential::Jwt(_))),
            "{user}"
        );
    }
    assert!(matches!(by_form(&jwt()), Ok(Credential::Jwt(_))));
}

#[test]
fn the_jwt_tells_what_finds_its_key() {
    let text = jwt();
    let jwt: UnverifiedJwt = text.parse().unwrap();
    assert_eq!(jwt.issuer(), "https://ci.example.com");
    assert_eq!(jwt.kid(), Some("one"));
    assert_eq!(jwt.algorithm(), JwtAlgorithm::Rs256);
    let (signing_input, _) = text.rsplit_once('.').unwrap();
    assert_eq!(
        jwt.login(),
        crate::short_id::ShortId::of(signing_input.as_bytes())
    );
}

#[test]
fn the_scheme_has_no_case_and_padding_is_optional() {
    let pair = format!("JWT:{}", jwt());
    for header in [
        format!("basic {}", STANDARD.encode(&pair)),
        format!("BASIC  {}", STANDARD.encode(&pair)),
        format!("Basic {}", STANDARD_NO_PAD.encode(&pair)),
        format!(
            "Basic {}",
            STANDARD_NO_PAD.encode(pair.replacen("JWT", "JW", 1))
        ),
        format!("Basic {}", STANDARD.encode(pair.replacen("JWT", "JW", 1))),
    ] {
        assert!(
            matches!(by_header(header.as_bytes()), Ok(Credential::Jwt(_))),
            "{header}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_never_anonymous() {
    for header in ["", "Bearer x", "Bearer", "Negotiate abc", "Digest a=b"] {
        assert_eq!(
            by_header(header.as_bytes()).unwrap_err(),
            Malformed::Scheme,
            "{header}"
        );
    }
    let no_colon = format!("Basic {}", STANDARD.encode("no colon"));
    for header in [
        &b"Basic"[..],
        b"Basic ",
        b"Basic !!!",
        b"Basic \xff",
        no_colon.as_bytes(),
        b"Basic /zo=",
    ] {
        assert_eq!(by_header(header).unwrap_err(), Malformed::Basic);
    }
    assert_eq!(by_header(&basic("", "")).unwrap_err(), Malformed::Empty);
    assert_eq!(by_header(&basic("JWT", "")).unwrap_err(), Malformed::Empty);
    assert_eq!(by_form("").unwrap_err(), Malformed::Empty);
}

#[test]
fn two_credentials_at_once_are_refused() {
    let header = basic("JWT", &jwt());
    let secret = secret(SecretKind::RefreshToken);
    let all = Presented {
        authorization: Some(&header),
        password: Some("secret"),
        refresh_token: Some(&secret),
        ..Presented::default()
    };
    for both in [
        all,
        Presented {
            authorization: None,
            ..all
        },
        Presented {
            password: None,
            ..all
        },
        Presented {
            refresh_token: None,
            ..all
        },
    ] {
        assert_eq!(
            Credential::from_request(&both).unwrap_err(),
            Malformed::TwoCredentials,
            "{both:?}"
        );
    }
}

#[test]
fn our_secrets_are_known_by_their_shape_wherever_they_stand() {
    let refresh = secret(SecretKind::RefreshToken);
    let api = secret(SecretKind::ApiToken);
    // containerd sends a refresh token as password of nobody.
    for user in ["", "JWT", "<token>"] {
        let ours = by_header(&basic(user, &refresh));
        assert!(matches!(ours, Ok(Credential::RefreshToken(_))), "{user}");
        let ours = by_header(&basic(user, &api));
        assert!(matches!(ours, Ok(Credential::ApiToken(_))), "{user}");
    }
    for read in [by_form, by_refresh_token] {
        assert!(matches!(read(&refresh), Ok(Credential::RefreshToken(_))));
        assert!(matches!(read(&api), Ok(Credential::ApiToken(_))));
        assert!(matches!(read(&jwt()), Ok(Credential::Jwt(_))));
        assert!(matches!(read("hunter2"), Ok(Credential::Opaque)));
        assert_eq!(read("").unwrap_err(), Malformed::Empty);
    }
}

#[test]
fn a_damaged_secret_of_ours_is_named_as_such() {
    for kind in [SecretKind::ApiToken, SecretKind::RefreshToken] {
        let mut cut = secret(kind);
        cut.pop();
        for read in [by_form, by_refresh_token] {
            assert_eq!(read(&cut).unwrap_err(), Malformed::Secret);
        }
        let header = basic("", &cut);
        assert_eq!(by_header(&header).unwrap_err(), Malformed::Secret);
        let bare = by_form(kind.prefix());
        assert_eq!(bare.unwrap_err(), Malformed::Secret);
    }
}

#[test]
fn a_jwt_that_holds_a_secret_of_ours_is_a_jwt() {
    let disguised = jwt_with(r#"{"alg":"RS256","kid":"portpass_rt_a"}"#);
    assert!(matches!(by_form(&disguised), Ok(Credential::Jwt(_))));
}

#[test]
fn a_colon_in_the_user_name_is_named() {
    assert_eq!(
        by_header(&basic("system:sa", &jwt())).unwrap_err(),
        Malformed::ColonInUserName
    );
    assert_eq!(
        by_header(&basic("system:serviceaccount:ns:sa", &jwt())).unwrap_err(),
        Malformed::ColonInUserName
    );
    let secret = secret(SecretKind::ApiToken);
    assert_eq!(
        by_header(&basic("robot:mirror", &secret)).unwrap_err(),
        Malformed::ColonInUserName
    );
}

#[test]
fn what_is_not_shaped_like_a_jwt_is_opaque() {
    let five_parts = format!("{}.b.c", jwt());
    for password in [
        "hunter2",
        "a.b.c",
        "portpass",
        "W10.e30.e30",
        &five_parts,
        "pass:word",
    ] {
        assert!(
            matches!(by_header(&basic("u", password)), Ok(Credential::Opaque)),
            "{password}"
        );
    }
}

#[test]
fn what_is_shaped_like_a_jwt_is_never_opaque() {
    let header = r#"{"alg":"RS256" }"#;
    let padded = format!("{}.e30.e30", URL_SAFE.encode(header));
    assert!(padded.contains('='), "the padding is the point");
    assert_eq!(fault(&padded), JwtFault::Shape);
    assert_eq!(fault(&format!("{}\n", jwt())), JwtFault::Shape);
    assert_eq!(fault(&format!("{}..e30", part(header))), JwtFault::Shape);
    let text = jwt();
    let (unsigned, _) = text.rsplit_once('.').unwrap();
    assert_eq!(fault(&format!("{unsigned}.")), JwtFault::Shape);
}

#[test]
fn a_jwt_has_one_readable_issuer() {
    for payload in [
        "{}",
        "[]",
        r#"{"iss":1}"#,
        r#"{"iss":null}"#,
        r#"{"iss":"a","iss":"b"}"#,
    ] {
        let text = format!("{}.{}.e30", part(r#"{"alg":"RS256"}"#), part(payload));
        assert_eq!(fault(&text), JwtFault::Issuer, "{payload}");
    }
}

#[test]
fn sixteen_kibibytes_are_the_limit() {
    let sized = |length: usize| {
        let mut text = jwt();
        text.push_str(&"A".repeat(length - text.len()));
        by_form(&text)
    };
    // One character more or less changes whether base64 can have that length.
    let lengths = 16 * 1024 - 3..=16 * 1024;
    assert!(lengths.map(sized).any(|outcome| outcome.is_ok()));
    assert_eq!(
        sized(16 * 1024 + 1).unwrap_err(),
        Malformed::Jwt(JwtFault::TooLarge)
    );
}

#[test]
fn headers_that_bring_their_own_keys_are_refused() {
    for name in ["jwk", "jku", "x5u", "crit", "b64", "zip", "enc"] {
        let header = format!(r#"{{"alg":"RS256","{name}":"x"}}"#);
        assert_eq!(
            fault(&jwt_with(&header)),
            JwtFault::ForbiddenHeader,
            "{name}"
        );
    }
    let x5c = jwt_with(r#"{"alg":"RS256","x5c":["MIIB"]}"#);
    assert!(by_form(&x5c).is_ok(), "x5c is ignored");
}

#[test]
fn a_header_says_everything_once() {
    for header in [
        r#"{"alg":"RS256","alg":"ES256"}"#,
        r#"{"alg":"RS256","kid":1}"#,
        r#"{"alg":"RS256","kid":null}"#,
    ] {
        assert_eq!(fault(&jwt_with(header)), JwtFault::Header, "{header}");
    }
}

#[test]
fn none_and_the_hmacs_do_not_exist() {
    for alg in ["none", "None", "HS256", "HS512", "rs256", "ES256K", ""] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        assert_eq!(fault(&jwt_with(&header)), JwtFault::Algorithm, "{alg}");
    }
    assert_eq!(fault(&jwt_with("{}")), JwtFault::Algorithm);
    assert_eq!(fault(&jwt_with(r#"{"alg":1}"#)), JwtFault::Algorithm);
}

#[test]
fn the_type_is_a_jwts_or_nothing() {
    let typ = |typ: &str| by_form(&jwt_with(&format!(r#"{{"alg":"RS256","typ":{typ}}}"#)));
    for good in [
        r#""JWT""#,
        r#""jwt""#,
        r#""application/jwt""#,
        r#""at+jwt""#,
    ] {
        assert!(typ(good).is_ok(), "{good}");
    }
    for bad in [r#""""#, r#""JOSE""#, r#""secevent+jwt""#, "1", "null"] {
        assert_eq!(
            typ(bad).unwrap_err(),
            Malformed::Jwt(JwtFault::Type),
            "{bad}"
        );
    }
}

#[test]
fn nothing_presented_can_be_read_from_debug_output() {
    let text = jwt();
    let header = basic("JWT", &text);
    let secret = secret(SecretKind::RefreshToken);
    let presented = Presented {
        authorization: Some(&header),
        password: Some(&text),
        username: Some(&text),
        refresh_token: Some(&secret),
    };
    let shown = format!("{presented:?} {:?} {:?}", by_form(&text), by_form(&secret));
    assert!(!shown.contains("portpass_rt_"), "{shown}");
    for secret in text.split('.') {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!shown.contains("ci.example.com"), "{shown}");
}

proptest! {
    #[test]
    fn no_header_panics_or_passes_for_nothing(header: Vec<u8>) {
        prop_assert!(!matches!(by_header(&header), Ok(Credential::Anonymous)));
    }

    #[test]
    fn no_password_panics_or_passes_for_nothing(password in "[A-Za-z0-9_=.:-]{0,80}") {
        prop_assert!(!matches!(by_form(&password), Ok(Credential::Anonymous)));
    }

    #[test]
    fn what_begins_like_a_secret_of_ours_is_never_opaque(rest: String) {
        let text = format!("portpass_rt_{rest}");
        prop_assert!(!matches!(by_form(&text), Ok(Credential::Opaque | Credential::Anonymous)));
    }

    #[test]
    fn a_password_shaped_like_a_jwt_is_never_opaque(payload: String, signature: String) {
        let text = format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&payload), part(&signature));
        prop_assert!(!matches!(by_form(&text), Ok(Credential::Opaque)));
    }
}
