//! What holds of any form or query.

use super::{
    form::{Form, refuse_in_query},
    scope::Asked,
};
use crate::{fuzzing::laws, http::parameters::Parameters};

/// Longest refusal of a form: names of parameters, and at most 64 characters of a word.
const LONGEST: usize = 300;

/// What invalid UTF-8 grows to, byte by byte.
const GROWTH: usize = 3;

/// Bytes as the form or the query of a token request, in both protocols.
pub fn form(bytes: &[u8]) {
    let docker = Parameters::read(bytes);
    match &docker {
        Ok(parameters) => read(bytes, parameters),
        Err(nonsense) => laws::is_one_line(nonsense, LONGEST),
    }
    match Form::parse(bytes) {
        Ok(form) => oauth2(bytes, &form, docker.as_ref().ok()),
        Err(nonsense) => laws::is_one_line(&nonsense, LONGEST),
    }
    if let Ok(query) = std::str::from_utf8(bytes) {
        let has_credential = docker.is_ok_and(|parameters| parameters.has_credential());
        let refused = refuse_in_query(query);
        assert!(
            refused.is_err() || !has_credential,
            "no credential stands in a query"
        );
        if let Err(nonsense) = refused {
            laws::is_one_line(&nonsense, LONGEST);
        }
    }
}

fn read(bytes: &[u8], parameters: &Parameters) {
    let once = [
        &parameters.grant_type,
        &parameters.password,
        &parameters.refresh_token,
        &parameters.username,
    ];
    let texts = once.into_iter().flatten();
    let texts = texts.chain(&parameters.scopes).chain(&parameters.services);
    let held: usize = texts.map(String::len).sum();
    assert!(held <= GROWTH * bytes.len(), "{held} bytes");
    match parameters.check_grant_type() {
        Ok(()) => {
            let both = parameters.password.is_some() && parameters.refresh_token.is_some();
            assert!(!both, "nobody chooses among credentials");
            let passed_over = parameters.has_other_credential && parameters.grant_type.is_none();
            assert!(!passed_over, "no credential is passed over");
        }
        Err(nonsense) => laws::is_one_line(&nonsense, LONGEST),
    }
}

fn oauth2(bytes: &[u8], form: &Form, docker: Option<&Parameters>) {
    let credentials = form.credentials();
    let held: usize = credentials.map(|(_name, value)| value.len()).sum();
    assert!(held <= GROWTH * bytes.len(), "{held} bytes");
    if let Some(docker) = docker {
        assert_eq!(form.value("password"), docker.password.as_deref());
        assert_eq!(form.value("refresh_token"), docker.refresh_token.as_deref());
        let scopes = docker.scopes.iter().map(String::as_str);
        let scopes: Vec<&str> = scopes.filter(|scope| !scope.is_empty()).collect();
        assert_eq!(form.all("scope").collect::<Vec<_>>(), scopes);
    }
    match Asked::read(form.all("scope"), &["docker-registry".to_owned()]) {
        Ok(asked) => assert!(asked.docker.iter().all(|word| word.contains(':'))),
        Err(nonsense) => {
            laws::is_one_line(&nonsense, LONGEST);
            assert!(nonsense.to_string().is_ascii(), "{nonsense}");
        }
    }
}
