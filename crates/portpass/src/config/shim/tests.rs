//! The variables of the shim, and what is made of them.

use super::*;

const URL: (&str, &str) = (TOKEN_URL, "https://id.example.com/application/o/token/");
const CLIENT: (&str, &str) = ("CLIENT_ID", "0123");

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::of_variables(|name| {
        let mut found = variables.iter().filter(|(key, _)| *key == name);
        found.next().map(|(_, value)| (*value).to_owned())
    })
}

fn relay(variables: &[(&str, &str)]) -> RelaySettings {
    let all = [&[URL, CLIENT], variables].concat();
    config(&all).unwrap().relay.unwrap().value
}

#[test]
fn two_variables_are_enough() {
    let config = config(&[URL, CLIENT]).unwrap();
    assert_eq!(config.listen.http.to_string(), "0.0.0.0:9001");
    assert_eq!(config.listen.ops.to_string(), "127.0.0.1:9090");
    assert_eq!(config.data_dir, PathBuf::from("/var/lib/portpass"));
    assert_eq!(config.log.level, LogLevel::Info);
    let relay = config.relay.as_ref().unwrap().value.clone();
    assert!(relay.trust_provider && relay.any_service);
    assert_eq!(relay.answering, Answering::Passthrough);
    assert_eq!(
        (relay.anonymous, relay.scope, relay.jwt_username),
        (None, None, None)
    );
    let [warning] = config.warnings().try_into().unwrap();
    assert!(
        warning.contains("a stranger's job may be let in"),
        "{warning}"
    );
}

#[test]
fn every_variable_of_the_shim_is_taken() {
    let relay = relay(&[
        ("SCOPE", "docker-registry"),
        ("PASS_JWT_USERNAME", "JWT"),
        ("ANON_USERNAME", "nobody"),
        ("ANON_PASSWORD", "hush"),
        ("SESSION_KEY", "key"),
    ]);
    assert_eq!(relay.scope.as_deref(), Some("docker-registry"));
    assert_eq!(relay.jwt_username.as_deref(), Some("JWT"));
    assert_eq!(relay.session_key, Some("key".to_owned().into()));
    let nobody = AnonymousAs::User {
        name: "nobody".to_owned(),
        password: "hush".to_owned().into(),
    };
    assert_eq!(relay.anonymous, Some(nobody));
}

#[test]
fn a_pods_own_jwt_comes_before_a_name() {
    let variables = [
        URL,
        CLIENT,
        ("ANON_KUBE_JWT", "true"),
        ("ANON_USERNAME", "nobody"),
    ];
    let config = config(&variables).unwrap();
    let jwt = AnonymousAs::JwtFile(PathBuf::from(POD_JWT));
    assert!(
        config
            .warnings()
            .iter()
            .any(|warning| warning.contains("passed over"))
    );
    assert_eq!(config.relay.unwrap().value.anonymous, Some(jwt));
}

#[test]
fn the_level_is_in_the_shims_words() {
    for (word, level) in [
        ("trace", LogLevel::Trace),
        ("debug", LogLevel::Debug),
        ("info", LogLevel::Info),
        ("warning", LogLevel::Warn),
        ("Error", LogLevel::Error),
        ("loud", LogLevel::Info),
    ] {
        let config = config(&[URL, CLIENT, ("LOG_LEVEL", word)]).unwrap();
        assert_eq!(config.log.level, level, "{word}");
        let is_said = config
            .warnings()
            .iter()
            .any(|warning| warning.contains("LOG_LEVEL"));
        assert_eq!(is_said, word == "loud");
    }
}

#[test]
fn plain_http_within_a_cluster_is_warned_about() {
    let warnings = |url: &str| config(&[(TOKEN_URL, url), CLIENT]).unwrap().warnings();
    let is_plain = |warning: &String| warning.contains("in plain text");
    assert!(
        warnings("http://authentik.auth.svc/token")
            .iter()
            .any(is_plain)
    );
    assert!(!warnings("http://127.0.0.1:9000/token").iter().any(is_plain));
    assert!(!warnings(URL.1).iter().any(is_plain));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let told = |variables: &[(&str, &str)]| config(variables).unwrap_err().to_string();
    assert!(told(&[URL]).contains("CLIENT_ID is missing"));
    assert!(told(&[(TOKEN_URL, "id.example.com"), CLIENT]).contains("TOKEN_URL: "));
    assert!(told(&[(TOKEN_URL, "http://169.254.169.254/"), CLIENT]).contains("never asked"));
    assert!(told(&[URL, CLIENT, ("ANON_USERNAME", "a")]).contains("set both"));
    let shown = told(&[(TOKEN_URL, "https://jo:hush@id.example.com/"), CLIENT]);
    assert!(!shown.contains("hush"), "{shown}");
}
