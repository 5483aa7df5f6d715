//! Keys that platforms withdraw, and what a restart makes of them.

use super::*;

/// An issuer whose keys a server or a file has.
struct Bench {
    server: Server,
    dir: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        Self {
            server: Server::start().await,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn publish(&self, keys: &[SigningKey]) {
        self.server.json("/jwks", &jwks(keys));
    }

    fn by_url(&self) -> IssuerSettings {
        IssuerSettings {
            keys: KeySource::Url(located(&[&format!("{}/jwks", self.server.url)]).remove(0)),
            allow_private_network: true,
            ..github(&[])
        }
    }

    fn write(&self, keys: &[SigningKey]) {
        std::fs::write(self.file(), jwks(keys).to_string()).unwrap();
    }

    fn file(&self) -> std::path::PathBuf {
        self.dir.path().join("jwks.json")
    }

    fn by_file(&self) -> IssuerSettings {
        let file = Located {
            value: self.file(),
            at: Place::default(),
        };
        IssuerSettings {
            keys: KeySource::File(file),
            ..github(&[])
        }
    }

    /// A server that starts, or the configuration that it reads again.
    fn open(&self, settings: IssuerSettings, previous: Option<&Directory>, at: i64) -> Directory {
        let cache = self.dir.path().join("cache");
        Directory::build(vec![settings], previous, &cache, time(at)).unwrap()
    }
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

/// The keys that are withdrawn and not written down, and when, after `NOW`.
fn withdrawn(directory: &Directory) -> Vec<(String, i64)> {
    let withdrawn = directory.withdrawn().into_iter();
    withdrawn
        .map(|gone| {
            assert_eq!(&*gone.issuer, "github");
            (gone.key.to_string(), gone.at.as_second() - NOW)
        })
        .collect()
}

fn key(kid: &str) -> SigningKey {
    SigningKey::es256(kid)
}

#[tokio::test]
async fn a_key_that_leaves_a_fetch_is_withdrawn_once() {
    let bench = Bench::new().await;
    let stays = key("stays");
    let directory = bench.open(bench.by_url(), None, 0);
    let both = [key("goes"), stays];
    bench.publish(&both);
    directory.refresh_due(time(0)).await;
    assert_eq!(withdrawn(&directory), [], "a first set withdraws nothing");
    let [_goes, stays] = both;
    bench.publish(&[stays, key("new")]);
    directory.refresh_due(time(1000)).await;
    let gone = [("goes".to_owned(), 1000)];
    assert_eq!(withdrawn(&directory), gone);
    directory.refresh_due(time(2000)).await;
    assert_eq!(withdrawn(&directory), gone, "until it is written down");
    directory.forget_withdrawn(&directory.withdrawn()).await;
    assert_eq!(withdrawn(&directory), []);
    directory.refresh_due(time(3000)).await;
    assert_eq!(withdrawn(&directory), []);
}

#[tokio::test]
async fn a_failed_fetch_withdraws_nothing() {
    let bench = Bench::new().await;
    bench.publish(&[key("a")]);
    let directory = bench.open(bench.by_url(), None, 0);
    directory.refresh_due(time(0)).await;
    for (at, answer) in [(1000, "{}"), (2000, r#"{"keys":[]}"#), (3000, "<html>")] {
        bench.server.json("/jwks", &answer);
        directory.refresh_due(time(at)).await;
        assert_eq!(withdrawn(&directory), [], "{answer}");
    }
}

#[tokio::test]
async fn a_crash_before_it_is_written_down_loses_no_withdrawn_key() {
    let bench = Bench::new().await;
    bench.publish(&[key("goes")]);
    let first = bench.open(bench.by_url(), None, 0);
    first.refresh_due(time(0)).await;
    bench.publish(&[key("new")]);
    first.refresh_due(time(1000)).await;
    assert_eq!(withdrawn(&first).len(), 1);
    // A fetch that changes nothing does not save the set either.
    first.refresh_due(time(2000)).await;
    drop(first);
    let second = bench.open(bench.by_url(), None, 3000);
    second.refresh_due(time(3000)).await;
    assert_eq!(withdrawn(&second), [("goes".to_owned(), 3000)]);
    second.forget_withdrawn(&second.withdrawn()).await;
    let third = bench.open(bench.by_url(), None, 4000);
    third.refresh_due(time(4000)).await;
    assert_eq!(withdrawn(&third), []);
}

#[tokio::test]
async fn only_what_was_written_down_is_forgotten() {
    let bench = Bench::new().await;
    bench.publish(&[key("a")]);
    let directory = bench.open(bench.by_url(), None, 0);
    directory.refresh_due(time(0)).await;
    bench.publish(&[key("b")]);
    directory.refresh_due(time(1000)).await;
    let written = directory.withdrawn();
    bench.publish(&[key("c")]);
    directory.refresh_due(time(2000)).await;
    directory.forget_withdrawn(&written).await;
    assert_eq!(withdrawn(&directory), [("b".to_owned(), 2000)]);
    let restarted = bench.open(bench.by_url(), None, 3000);
    restarted.refresh_due(time(3000)).await;
    assert_eq!(
        withdrawn(&restarted),
        [("a".to_owned(), 3000)],
        "the last set on disk"
    );
}

#[tokio::test]
async fn a_key_that_comes_and_goes_is_withdrawn_when_it_first_went() {
    let bench = Bench::new().await;
    let keys = [key("a"), key("b")];
    let [a, b] = &keys;
    let only = |key: &SigningKey| bench.server.json("/jwks", &json!({"keys": [key.jwk()]}));
    let directory = bench.open(bench.by_url(), None, 0);
    for (at, key) in [(0, a), (1000, b), (2000, a), (3000, b)] {
        only(key);
        directory.refresh_due(time(at)).await;
    }
    let gone = [("a".to_owned(), 1000), ("b".to_owned(), 2000)];
    assert_eq!(withdrawn(&directory), gone);
}

#[tokio::test]
async fn a_reload_keeps_what_is_not_written_down() {
    let bench = Bench::new().await;
    bench.publish(&[key("goes")]);
    let first = bench.open(bench.by_url(), None, 0);
    first.refresh_due(time(0)).await;
    bench.publish(&[key("new")]);
    first.refresh_due(time(1000)).await;
    let reloaded = bench.open(bench.by_url(), Some(&first), 1500);
    assert_eq!(withdrawn(&reloaded), [("goes".to_owned(), 1000)]);
}

#[tokio::test]
async fn a_key_that_leaves_a_file_is_withdrawn() {
    let bench = Bench::new().await;
    bench.write(&[key("goes")]);
    let directory = bench.open(bench.by_file(), None, 0);
    directory.refresh_due(time(0)).await;
    bench.write(&[key("new")]);
    directory.refresh_due(time(10)).await;
    assert_eq!(withdrawn(&directory), [("goes".to_owned(), 10)]);
}

#[tokio::test]
async fn a_key_that_leaves_a_file_while_nobody_runs_is_withdrawn() {
    let bench = Bench::new().await;
    bench.write(&[key("goes")]);
    let first = bench.open(bench.by_file(), None, 0);
    first.refresh_due(time(0)).await;
    drop(first);
    bench.write(&[key("new")]);
    let second = bench.open(bench.by_file(), None, 1000);
    assert_eq!(withdrawn(&second), [("goes".to_owned(), 1000)]);
    second.forget_withdrawn(&second.withdrawn()).await;
    let third = bench.open(bench.by_file(), None, 2000);
    assert_eq!(withdrawn(&third), []);
}
