//! What proxies add, and what anybody may add in their name.

use super::{
    forge::Jwt,
    stage::{WEB, play},
    wire::Request,
};
use crate::app::SERVICE;

/// A machine of `trusted_proxies`, and one that is not.
const PROXY: &str = "127.0.9.1";
const STRANGER: &str = "127.0.7.1";

/// What somebody might say in a proxy's name.
const SPOOFED: [(&str, &str); 9] = [
    ("x-forwarded-for", "198.51.100.7"),
    ("forwarded", "for=198.51.100.7;host=evil.example"),
    ("x-real-ip", "198.51.100.7"),
    ("true-client-ip", "198.51.100.7"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-original-uri", "/token?service=evil"),
    ("x-original-url", "/metrics"),
    ("x-remote-user", "github:75"),
];

#[tokio::test]
async fn case_40_headers_of_proxies_count_from_trusted_peers_alone() {
    play(async |stage| {
        let honest = Jwt::github().sign();
        let target = format!("/token?service={SERVICE}&scope={WEB}");
        let ask = || Request::get(&target).basic("JWT", &honest);
        let spoof = |request: Request| {
            let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
            SPOOFED.iter().fold(request, add)
        };
        let plain = stage.send(ask().from(STRANGER)).await;
        let spoofed = stage
            .about("from a stranger")
            .send(spoof(ask()).from(STRANGER))
            .await;
        for outcome in [&plain, &spoofed] {
            outcome.is_granted(WEB);
            assert_eq!(outcome.event().body["address"], STRANGER);
            assert_eq!(outcome.token()["iss"], "https://registry.example.com");
        }
        let outcome = stage
            .about("from a proxy")
            .send(spoof(ask()).from(PROXY))
            .await;
        outcome.is_granted(WEB);
        assert_eq!(outcome.event().body["address"], "198.51.100.7");
        assert_eq!(outcome.token()["iss"], "https://registry.example.com");
        // Left of what the proxy has seen itself stands whatever the client said.
        let chain = ask().header("x-forwarded-for", "10.0.0.1, 1.1.1.1, 198.51.100.8");
        let outcome = stage.about("a chain").send(chain.from(PROXY)).await;
        assert_eq!(outcome.event().body["address"], "198.51.100.8");
        // The realm, and where we say to be, are configured.
        let refused = stage
            .about("nobody")
            .send(spoof(Request::get(&target)))
            .await;
        refused.is_stranger("login_required");
        assert_eq!(
            refused.reply().field("www-authenticate"),
            Some("Basic realm=\"portpass\"")
        );
        let document = Request::get("/.well-known/openid-configuration");
        let document = stage
            .send(spoof(document).header("x-host", "evil.example"))
            .await;
        let text = &document.reply().body;
        assert!(
            text.contains("https://registry.example.com") && !text.contains("evil"),
            "{text}"
        );
    })
    .await;
}
