//! What is posted, and what is made of what comes back.

use super::*;

fn settings() -> RelaySettings {
    RelaySettings {
        token_url: "https://id.example.com/token".to_owned(),
        ca: None,
        allow_private_network: false,
        client_id: "registry".to_owned(),
        client_secret: None,
        scope: Some("docker-registry  profile".to_owned()),
        provider: None,
        answering: Answering::Passthrough,
        jwt_grant: JwtGrant::ClientCredentials,
        password_grant: PasswordGrant::ClientCredentials,
        jwt_username: None,
        anonymous: None,
        trust_provider: false,
        session_key: None,
        any_service: false,
    }
}

fn posted(settings: &RelaySettings, showing: Showing<'_>, offline: bool) -> String {
    let scopes = "repository:b:pull repository:a:push,pull";
    let scopes = Scopes::parse([scopes]).unwrap();
    let form = form(settings, showing, &scopes, offline);
    let pairs = form_urlencoded::parse(form.as_bytes());
    let lines: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    lines.join("\n")
}

fn jwt() -> SecretText {
    "a.b.c".to_owned().into()
}

#[test]
fn a_jwt_is_the_assertion_of_a_client_with_no_name_beside_it() {
    insta::assert_snapshot!(posted(&settings(), Showing::Jwt(&jwt()), false), @r"
    grant_type=client_credentials
    client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
    client_assertion=a.b.c
    client_id=registry
    scope=repository:a:pull,push repository:b:pull docker-registry profile
    ");
}

#[test]
fn a_jwt_is_a_grant_of_its_own_where_the_provider_wants_it_so() {
    let settings = RelaySettings {
        jwt_grant: JwtGrant::JwtBearer,
        client_secret: Some("hush".to_owned().into()),
        scope: None,
        ..settings()
    };
    insta::assert_snapshot!(posted(&settings, Showing::Jwt(&jwt()), false), @r"
    grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer
    assertion=a.b.c
    client_id=registry
    client_secret=hush
    scope=repository:a:pull,push repository:b:pull
    ");
}

#[test]
fn a_name_and_a_password_go_by_the_grant_that_is_set() {
    let password = "p&w=1".to_owned().into();
    let person = Showing::Password {
        user: "jo",
        password: &password,
    };
    insta::assert_snapshot!(posted(&settings(), person, false), @r"
    grant_type=client_credentials
    username=jo
    password=p&w=1
    client_id=registry
    scope=repository:a:pull,push repository:b:pull docker-registry profile
    ");
    let by_password = RelaySettings {
        password_grant: PasswordGrant::Password,
        ..settings()
    };
    insta::assert_snapshot!(posted(&by_password, person, true), @r"
    grant_type=password
    username=jo
    password=p&w=1
    client_id=registry
    scope=repository:a:pull,push repository:b:pull docker-registry profile
    ");
}

#[test]
fn our_own_secret_never_stands_beside_what_a_caller_shows_as_a_client() {
    let by = |jwt_grant, password_grant| RelaySettings {
        client_secret: Some("hush".to_owned().into()),
        jwt_grant,
        password_grant,
        ..settings()
    };
    let clients = by(
        JwtGrant::ClientCredentials,
        PasswordGrant::ClientCredentials,
    );
    let others = by(JwtGrant::JwtBearer, PasswordGrant::Password);
    let (jwt, password) = (jwt(), "x".to_owned().into());
    let person = Showing::Password {
        user: "jo",
        password: &password,
    };
    for showing in [Showing::Jwt(&jwt), person] {
        let form = posted(&clients, showing, false);
        assert!(!form.contains("hush"), "{form}");
        let form = posted(&others, showing, false);
        assert!(form.contains("\nclient_secret=hush\n"), "{form}");
    }
    let form = posted(&clients, Showing::RefreshToken(&jwt), false);
    assert!(form.contains("\nclient_secret=hush\n"), "{form}");
}

#[test]
fn a_refresh_token_of_the_provider_goes_back_to_it() {
    let token = "rt".to_owned().into();
    insta::assert_snapshot!(posted(&settings(), Showing::RefreshToken(&token), false), @r"
    grant_type=refresh_token
    refresh_token=rt
    client_id=registry
    scope=repository:a:pull,push repository:b:pull docker-registry profile
    ");
}

#[test]
fn dockers_scopes_are_not_sent_where_the_providers_token_decides_on_none() {
    let settings = |from| RelaySettings {
        answering: Answering::Resign(from),
        ..settings()
    };
    let jwt = jwt();
    let by_rules = posted(&settings(AccessFrom::Rules), Showing::Jwt(&jwt), true);
    let by_claim = posted(&settings(AccessFrom::Claim), Showing::Jwt(&jwt), false);
    let scope = |form: &str| form.rsplit_once("scope=").unwrap().1.to_owned();
    assert_eq!(scope(&by_rules), "docker-registry profile");
    assert!(
        scope(&by_claim).starts_with("repository:a:pull,push "),
        "{by_claim}"
    );
}

#[test]
fn a_refresh_token_is_asked_for_by_scope_only_where_one_is_wanted_and_the_file_says_so() {
    let secret = "p".to_owned().into();
    let person = Showing::Password {
        user: "jo",
        password: &secret,
    };
    let asking = RelaySettings {
        scope: Some("offline_access profile".to_owned()),
        ..settings()
    };
    let is_asked = |settings: &RelaySettings, showing, offline| {
        posted(settings, showing, offline).contains("offline_access")
    };
    assert!(is_asked(&asking, person, true));
    assert!(!is_asked(&asking, person, false));
    // It stands for what the login asked.
    assert!(is_asked(&asking, Showing::RefreshToken(&secret), false));
    assert!(!is_asked(&settings(), person, true));
}

#[test]
fn a_login_without_scopes_asks_for_none() {
    let settings = RelaySettings {
        scope: None,
        ..settings()
    };
    let form = form(&settings, Showing::Jwt(&jwt()), &Scopes::default(), false);
    assert!(!form.contains("scope"), "{form}");
}

#[test]
fn a_token_has_either_name() {
    for body in [
        r#"{"access_token":"t","token":"u"}"#,
        r#"{"token":"t","access_token":""}"#,
    ] {
        assert_eq!(token(body.as_bytes()).unwrap().access_token.expose(), "t");
    }
    let both = token(br#"{"access_token":"t","refresh_token":"r"}"#).unwrap();
    assert_eq!(both.refresh_token.unwrap().expose(), "r");
}

#[test]
fn an_answer_without_a_token_is_not_shown() {
    for body in [
        "",
        "<html>secret",
        "[]",
        "{}",
        r#"{"access_token":1}"#,
        r#"{"secret":"secret"}"#,
    ] {
        let fault = token(body.as_bytes()).unwrap_err();
        assert_eq!(fault.word(), "unavailable", "{body}");
        assert!(!fault.detail().unwrap().contains("secret"), "{body}");
    }
}

#[test]
fn the_caller_is_refused_only_by_what_is_about_the_caller() {
    let word = |status: u16, code: Option<&str>| {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(status, code.map(str::to_owned)).word()
    };
    for (status, code) in [
        (400, Some("invalid_grant")),
        (401, None),
        (401, Some("invalid_client")),
        (401, Some("invalid_grant")),
        (403, Some("access_denied")),
    ] {
        assert_eq!(word(status, code), "refused", "{status} {code:?}");
    }
    for (status, code) in [
        (400, None),
        (400, Some("invalid_client")),
        (400, Some("invalid_request")),
        (400, Some("invalid_scope")),
        (400, Some("unauthorized_client")),
        (400, Some("unsupported_grant_type")),
        (404, None),
        (405, None),
    ] {
        assert_eq!(word(status, code), "misconfigured", "{status} {code:?}");
    }
}

#[test]
fn an_error_code_is_short_and_printable() {
    let long = format!(r#"{{"error":"a\n\u001b b{}"}}"#, "c".repeat(100));
    let code = code(long.as_bytes()).unwrap();
    assert_eq!(code.len(), MAX_CODE);
    assert!(code.starts_with("abc"), "{code}");
    for none in ["", "<html>", "{}", r#"{"error":""}"#, r#"{"error":["a"]}"#] {
        assert_eq!(super::code(none.as_bytes()), None, "{none}");
    }
}
