//! An identity provider on loopback that answers as each test says.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the provider answers.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Nothing, for as long as anybody listens.
    Silence,
    /// A status with a body of some media type, and more lines of a header.
    Status {
        status: u16,
        lines: String,
        media: &'static str,
        body: String,
    },
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Status {
            status,
            lines: String::new(),
            media: "application/json",
            body: body.to_string(),
        }
    }

    pub(crate) fn token(token: &str) -> Self {
        Self::json(
            200,
            &json!({ "access_token": token, "token_type": "Bearer" }),
        )
    }

    pub(crate) fn text(status: u16, media: &'static str, body: &str) -> Self {
        Self::Status {
            status,
            lines: String::new(),
            media,
            body: body.to_owned(),
        }
    }

    /// The same, with a line in its header.
    pub(crate) fn with(self, line: &str) -> Self {
        match self {
            Self::Silence => Self::Silence,
            Self::Status {
                status,
                lines,
                media,
                body,
            } => Self::Status {
                status,
                lines: format!("{lines}{line}\r\n"),
                media,
                body,
            },
        }
    }
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) url: String,
    reply: Arc<Mutex<Reply>>,
    forms: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            url: format!("http://{}/token", listener.local_addr().unwrap()),
            reply: Arc::new(Mutex::new(Reply::text(500, "text/plain", "nothing set"))),
            forms: Arc::default(),
        };
        let serving = provider.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        provider
    }

    pub(crate) fn answers(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Every form so far, as it was posted.
    pub(crate) fn forms(&self) -> Vec<String> {
        self.forms.lock().unwrap().clone()
    }

    /// One parameter of the last form.
    pub(crate) fn last(&self, name: &str) -> Option<String> {
        let forms = self.forms();
        let pairs = form_urlencoded::parse(forms.last()?.as_bytes());
        let mut found = pairs.filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.into_owned())
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut form = vec![0; length];
        stream.read_exact(&mut form).await.unwrap();
        self.forms
            .lock()
            .unwrap()
            .push(String::from_utf8(form).unwrap());
        let reply = self.reply.lock().unwrap().clone();
        match reply {
            Reply::Silence => {
                let _ = stream.read_u8().await;
            }
            Reply::Status {
                status,
                lines,
                media,
                body,
            } => {
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\
                     connection: close\r\n{lines}\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    }
}
