use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::*;

const ASSERTED: &str =
    "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What is presented, in words; `basic` is what a Basic header says.
fn read(form: &str, basic: Option<&str>) -> Result<String, String> {
    let header = basic.map(|text| format!("Basic {}", BASE64_STANDARD.encode(text)));
    let header = header.as_deref().map(str::as_bytes);
    let client = header.and_then(|value| ClientCredentials::parse(value).ok());
    let header = header.map(|value| Header {
        value,
        client: client.as_ref(),
    });
    let form = Form::parse(form.as_bytes()).unwrap();
    let presented = GrantType::of(&form).and_then(|grant| presented(grant, &form, header));
    let Presented {
        authorization,
        password,
        username,
        refresh_token,
    } = presented.map_err(|nonsense| nonsense.to_string())?;
    let header = authorization.map(|_| "header".to_owned());
    let password = password.map(|text| match username {
        Some(user) => format!("password {text} of {user}"),
        None => format!("password {text}"),
    });
    let refresh_token = refresh_token.map(|text| format!("refresh token {text}"));
    let all: Vec<String> = [header, password, refresh_token]
        .into_iter()
        .flatten()
        .collect();
    Ok(all.join(" and "))
}

fn form(grant: &str, rest: &str) -> String {
    let grant = match grant {
        "client" => "grant_type=client_credentials",
        "exchange" => EXCHANGE,
        "bearer" => BEARER,
        other => other,
    };
    format!("{grant}&{rest}")
}

#[test]
fn each_grant_has_a_credential_where_it_stands() {
    let access = format!("subject_token=x&subject_token_type={ACCESS_TOKEN}");
    for (grant, rest, presented) in [
        ("client", "client_id=a", ""),
        ("client", "username=&password=", ""),
        ("client", "username=me&password=x", "password x of me"),
        ("client", "client_id=a&client_secret=x", "password x"),
        (
            "client",
            &format!("{ASSERTED}&client_assertion=x"),
            "password x",
        ),
        (
            "client",
            &format!("{ASSERTED}&client_secret=x"),
            "password x",
        ),
        (
            "client",
            &format!("{ASSERTED}&client_assertion=x&client_secret="),
            "password x",
        ),
        (
            "grant_type=password",
            "username=me&password=x",
            "password x of me",
        ),
        (
            "grant_type=refresh_token",
            "refresh_token=x",
            "refresh token x",
        ),
        (
            "bearer",
            "assertion=x&client_id=a&client_secret=",
            "password x",
        ),
        ("exchange", &access, "password x"),
        (
            "exchange",
            &format!("{access}&requested_token_type={JWT}"),
            "password x",
        ),
    ] {
        let form = form(grant, rest);
        assert_eq!(read(&form, None).as_deref(), Ok(presented), "{form}");
    }
}

#[test]
fn an_empty_credential_stays_one() {
    for (grant, rest, presented) in [
        ("client", "username=me&password=", "password "),
        ("client", "password=", "password "),
        ("client", "client_secret=", "password "),
        (
            "client",
            &format!("{ASSERTED}&client_assertion="),
            "password ",
        ),
        ("grant_type=password", "username=&password=", "password "),
        (
            "grant_type=refresh_token",
            "refresh_token=",
            "refresh token ",
        ),
        ("bearer", "assertion=", "password "),
    ] {
        let form = form(grant, rest);
        let read = read(&form, None).unwrap();
        assert!(read.starts_with(presented), "{form}: {read}");
    }
}

#[test]
fn a_header_is_a_clients_secret_or_only_its_name() {
    let client = form("client", "");
    for (basic, presented) in [
        ("JWT:x", "header"),
        ("me:", "header"),
        ("registry%3A5000:x", "password x of registry:5000"),
    ] {
        let read = read(&client, Some(basic));
        assert_eq!(read.as_deref(), Ok(presented), "{basic}");
    }
    let assertion = form("client", &format!("{ASSERTED}&client_assertion=x"));
    assert_eq!(read(&assertion, Some("me:")).as_deref(), Ok("password x"));
    let in_header = form("client", ASSERTED);
    assert_eq!(read(&in_header, Some("me:x")).as_deref(), Ok("header"));
}

#[test]
fn a_header_that_cannot_be_read_is_left_to_the_journey() {
    let form = Form::parse(b"grant_type=client_credentials").unwrap();
    let header = Header {
        value: b"Bearer x",
        client: None,
    };
    let presented = presented(GrantType::ClientCredentials, &form, Some(header)).unwrap();
    assert_eq!(presented.authorization, Some(b"Bearer x".as_slice()));
}

#[test]
fn a_credential_is_never_passed_over() {
    let access = format!("subject_token=x&subject_token_type={ACCESS_TOKEN}");
    for (grant, rest, basic, words) in [
        (
            "client",
            "client_secret=x&password=y",
            None,
            "the request has more than one credential: client_secret and password",
        ),
        (
            "client",
            "client_secret=x",
            Some("me:y"),
            "the request has more than one credential: client_secret and the Authorization header",
        ),
        (
            "client",
            "refresh_token=x",
            None,
            "grant_type=client_credentials takes no refresh_token",
        ),
        (
            "client",
            "subject_token=x",
            None,
            "grant_type=client_credentials takes no subject_token",
        ),
        (
            "client",
            "assertion=x",
            None,
            "grant_type=client_credentials takes no assertion",
        ),
        (
            "client",
            "client_assertion=x",
            None,
            "a client_assertion needs client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        (
            "grant_type=refresh_token",
            "refresh_token=x&password=y",
            None,
            "the request has more than one credential: password and refresh_token",
        ),
        (
            "grant_type=refresh_token",
            "password=y",
            None,
            "grant_type=refresh_token needs refresh_token, not password",
        ),
        (
            "grant_type=password",
            "username=me",
            Some("me:x"),
            "grant_type=password needs password, not the Authorization header",
        ),
        (
            "bearer",
            "assertion=x&client_secret=y",
            None,
            "the request has more than one credential: assertion and client_secret",
        ),
        (
            "exchange",
            &access,
            Some("me:x"),
            "the request has more than one credential: subject_token and the Authorization header",
        ),
        (
            "exchange",
            &format!("{access}&actor_token=y"),
            None,
            "actor_token is not supported",
        ),
        (
            "exchange",
            &format!("{access}&actor_token_type={JWT}"),
            None,
            "actor_token_type is not supported",
        ),
    ] {
        let form = form(grant, rest);
        assert_eq!(read(&form, basic), Err(words.to_owned()), "{form}");
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_named() {
    let of_type = |kind: &str| format!("subject_token=x&subject_token_type={kind}");
    let refresh = "urn:ietf:params:oauth:token-type:refresh_token";
    for (grant, rest, words) in [
        ("grant_type=", "", "the request has no grant_type"),
        (
            "grant_type=password",
            "username=me",
            "grant_type=password needs password",
        ),
        (
            "grant_type=refresh_token",
            "",
            "grant_type=refresh_token needs refresh_token",
        ),
        (
            "bearer",
            "",
            "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer needs assertion",
        ),
        (
            "exchange",
            "",
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange needs subject_token",
        ),
        (
            "exchange",
            "subject_token=x",
            "a subject_token needs subject_token_type",
        ),
        (
            "exchange",
            &of_type(refresh),
            "subject_token_type must be urn:ietf:params:oauth:token-type:jwt, urn:ietf:params:oauth:token-type:id_token or urn:ietf:params:oauth:token-type:access_token",
        ),
        (
            "exchange",
            &format!("{}&requested_token_type={refresh}", of_type(JWT)),
            "requested_token_type must be urn:ietf:params:oauth:token-type:access_token or urn:ietf:params:oauth:token-type:jwt",
        ),
        ("client", "username=me", "a username needs a password"),
        (
            "client",
            ASSERTED,
            "client_assertion_type needs a client_assertion",
        ),
        (
            "client",
            &format!("{ASSERTED}&username=me&password=x"),
            "client_assertion_type needs a client_assertion, not password",
        ),
        (
            "client",
            "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer&client_assertion=x",
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
    ] {
        let form = form(grant, rest);
        assert_eq!(read(&form, None), Err(words.to_owned()), "{form}");
    }
    let unknown = GrantType::of(&Form::parse(b"grant_type=authorization_code").unwrap());
    assert!(matches!(unknown, Err(Nonsense::OAuthGrantType)));
}

#[test]
fn only_an_exchange_says_what_it_has_made() {
    let issued = |form: &str| {
        let form = Form::parse(form.as_bytes()).unwrap();
        issued_token_type(GrantType::of(&form).unwrap(), &form)
    };
    assert_eq!(issued(EXCHANGE), Some(ACCESS_TOKEN));
    assert_eq!(
        issued(&format!("{EXCHANGE}&requested_token_type={JWT}")),
        Some(JWT)
    );
    assert_eq!(issued("grant_type=client_credentials"), None);
}
