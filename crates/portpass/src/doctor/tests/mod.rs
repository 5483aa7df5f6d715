//! Against servers that are nobody's product: every answer is the test's own.

mod tls;

use std::{
    io::{Read, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use super::{
    Login, Patient, address,
    door::Door,
    examine, realm,
    report::Report,
    wire::{Answer, Wire},
};

const PASSWORD: &str = "correct horse battery staple";

/// A server on loopback that answers each request by its head and body, and remembers them.
struct Fake {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let text = answer(&request).replace("PORT", &port.to_string());
                memory.lock().unwrap().push(request);
                // Whoever has seen enough may have gone.
                drop(stream.write_all(text.as_bytes()));
            }
        });
        Self { port, heard }
    }

    fn patient(&self) -> Patient {
        Patient {
            url: address(&format!("localhost:{}", self.port)).unwrap(),
            ca: None,
            login: Some(Login::new("alice".to_owned(), PASSWORD.to_owned())),
            repository: None,
            settings: None,
            log: None,
            ours: None,
        }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn read(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or_default() == 1 {
        bytes.extend(byte);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    bytes.extend(body);
    String::from_utf8(bytes).unwrap()
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    )
}

fn challenge(more: &str) -> String {
    let headers = format!(
        "Docker-Distribution-Api-Version: registry/2.0\r\nWWW-Authenticate: Bearer \
         realm=\"http://localhost:PORT/auth\",service=\"them\"{more}\r\n"
    );
    reply("401 Unauthorized", &headers, "{}")
}

/// A registry, and a token endpoint with an answer of the test's.
fn registry(token: impl Fn(&str) -> String + Send + 'static) -> Fake {
    Fake::start(move |request| {
        if !request.starts_with("GET /v2/") {
            token(request)
        } else if request.contains("Bearer opaque-token") {
            reply("200 OK", "", "{}")
        } else if request.contains("authorization: Bearer") {
            challenge(",error=\"invalid_token\"")
        } else {
            challenge("")
        }
    })
}

async fn examined(fake: &Fake) -> Value {
    json!(examine(&fake.patient()).await.unwrap())
}

fn result<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["examinations"].as_array().unwrap();
    let one = all.iter().find(|one| one["name"] == name);
    &one.unwrap_or_else(|| panic!("no {name} in {report:#}"))["result"]
}

#[tokio::test]
async fn any_token_server_is_examined() {
    // One that knows nothing but GET, and whose tokens are no JWTs.
    let fake = registry(|request| match request {
        _ if request.starts_with("POST") => reply("405 Method Not Allowed", "", ""),
        _ if request.contains("authorization: Basic") => {
            reply("200 OK", "", "{\"token\": \"opaque-token-of-theirs\"}")
        }
        _ => reply("401 Unauthorized", "", "who are you?"),
    });
    let report = examined(&fake).await;
    assert_eq!(report["healthy"], true, "{report:#}");
    for (name, expected) in [
        ("login", "well"),
        ("token", "well"),
        ("header size", "well"),
        ("POST", "note"),
        ("refresh", "note"),
        ("push", "skipped"),
    ] {
        assert_eq!(result(&report, name), expected, "{name}");
    }
}

#[tokio::test]
async fn what_servers_say_is_shown_without_secrets_and_what_a_terminal_obeys() {
    let fake = registry(|request| {
        let credential = request
            .lines()
            .find(|line| line.starts_with("authorization"));
        let body = json!({ "errors": [{
            "message": format!("\u{1b}[2J{PASSWORD} is wrong, {credential:?}"),
        }]});
        reply("403 Forbidden", "", &body.to_string())
    });
    let report = examined(&fake).await;
    assert_eq!(report["findings"][0]["code"], "credential");
    let text = report.to_string();
    assert!(text.contains("is wrong"), "{text}");
    let basic = Login::new("alice".to_owned(), PASSWORD.to_owned()).basic();
    for secret in [PASSWORD, &basic, "\\u001b"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let fake = registry(|_| {
        reply(
            "302 Found",
            "Location: http://localhost:PORT/elsewhere\r\n",
            "",
        )
    });
    let report = examined(&fake).await;
    assert_eq!(report["findings"][0]["code"], "realm");
    let block = report["findings"][0]["cure"]["block"]["text"]
        .as_str()
        .unwrap();
    assert!(block.contains("/elsewhere"), "{block}");
    for request in fake.heard() {
        assert!(
            !request.contains("elsewhere") && !request.contains("Basic"),
            "{request}"
        );
    }
}

/// A door whose realm is another.
fn door(root: &str, realm: String) -> Door {
    Door {
        root: root.parse().unwrap(),
        realm,
        service: None,
        answer: Answer {
            status: 401,
            challenges: Vec::new(),
            location: None,
            date: None,
            at: jiff::Timestamp::UNIX_EPOCH,
            is_registry: true,
            body: Vec::new(),
            certificate: None,
        },
    }
}

#[tokio::test]
async fn nothing_goes_to_a_realm_in_the_clear() {
    let fake = registry(|_| reply("200 OK", "", "{}"));
    let wire = Wire::new(None).unwrap();
    let own = format!("http://localhost:{}/auth", fake.port);
    for (root, realm) in [
        ("https://registry.example.com/v2/", own.as_str()),
        // The operator goes there without TLS, and said nothing of elsewhere.
        (
            "http://registry.example.com/v2/",
            "http://elsewhere.example.com/auth",
        ),
    ] {
        let patient = fake.patient();
        let mut report = Report::new(&patient);
        let door = door(root, realm.to_owned());
        let known = realm::examine(&patient, &wire, &door, &mut report).await;
        assert!(known.is_none(), "{realm}");
        assert_eq!(json!(report)["findings"][0]["code"], "realm_scheme");
    }
    assert_eq!(fake.heard(), [""; 0]);
    let patient = fake.patient();
    let mut report = Report::new(&patient);
    let door = door("http://registry.example.com/v2/", own);
    let known = realm::examine(&patient, &wire, &door, &mut report).await;
    assert!(known.is_some(), "this machine may be asked without TLS");
}

#[tokio::test]
async fn a_registry_that_asks_for_no_token_is_told_how() {
    let open = Fake::start(|_| reply("200 OK", "", "{}"));
    let basic = Fake::start(|_| {
        reply(
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=x\r\n",
            "",
        )
    });
    for fake in [open, basic] {
        let report = examined(&fake).await;
        assert_eq!(report["findings"][0]["code"], "no_token_auth", "{report:#}");
    }
}

#[tokio::test]
async fn a_post_that_answers_without_access_token_is_trouble() {
    let fake = registry(|_| reply("200 OK", "", "{\"token\": \"opaque-token-of-theirs\"}"));
    let report = examined(&fake).await;
    assert_eq!(report["findings"][0]["code"], "post", "{report:#}");
}

#[tokio::test]
async fn nobody_there_is_said() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut patient = Fake::start(|_| String::new()).patient();
    patient.url = address(&format!("localhost:{port}")).unwrap();
    let report = json!(examine(&patient).await.unwrap());
    assert_eq!(report["findings"][0]["code"], "registry_unreachable");
}
