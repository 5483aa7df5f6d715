//! Which rows are shared.

use super::*;
use crate::store::{Overtaken, RefreshTokenRow, SessionRow, SessionUse};

const KEEP: Keep = Keep {
    strangers: 2,
    anonymous: 2,
};

fn intent(id: &str, at_ms: i64, class: Class) -> Intent {
    let row = EventRow {
        id: id.to_owned(),
        at_ms,
        last_ms: at_ms,
        count: 1,
        kind: "refusal".to_owned(),
        reason: None,
        decision: None,
        login: None,
        registry: None,
        issuer: None,
        identity: None,
        body: "{}".to_owned(),
    };
    Intent::new(row, class)
}

fn refusal(id: &str, at_ms: i64) -> Intent {
    intent(id, at_ms, Class::Refusal(ShortId::of(b"decision")))
}

fn stranger(id: &str) -> Intent {
    let key = "unknown_issuer".to_owned();
    intent(id, 0, Class::Stranger { key })
}

fn shown(changes: &[Change<'_>]) -> Vec<String> {
    let show = |change: &Change<'_>| match change {
        Change::Insert(row) => format!("insert {} × {}", row.id, row.count),
        Change::Repeat { id, times, .. } => format!("repeat {id} × {times}"),
    };
    changes.iter().map(show).collect()
}

#[test]
fn a_refusal_repeated_within_a_minute_is_counted_on_the_first() {
    let mut sharing = Sharing::new(KEEP);
    assert_eq!(shown(&sharing.place(&[refusal("a", 0)])), ["insert a × 1"]);
    let again = [refusal("b", 59_999), refusal("c", 59_999)];
    assert_eq!(shown(&sharing.place(&again)), ["repeat a × 2"]);
    assert_eq!(
        shown(&sharing.place(&[refusal("d", 60_000)])),
        ["insert d × 1"]
    );
}

#[test]
fn a_refusal_repeated_within_a_batch_is_one_row() {
    let mut sharing = Sharing::new(KEEP);
    let batch = [refusal("a", 0), refusal("b", 1)];
    assert_eq!(shown(&sharing.place(&batch)), ["insert a × 2"]);
}

#[test]
fn events_out_of_order_at_a_minutes_end_begin_no_more_rows() {
    let mut sharing = Sharing::new(KEEP);
    let mut rows = 0;
    for n in 0..100 {
        let at = if n % 2 == 0 { 59_999 } else { 60_000 };
        let key = "unknown_issuer".to_owned();
        let batch = [intent(&n.to_string(), at, Class::Stranger { key })];
        let changes = sharing.place(&batch);
        rows += changes
            .iter()
            .filter(|c| matches!(c, Change::Insert(_)))
            .count();
    }
    assert!(rows <= 6, "{rows} rows");
}

#[test]
fn of_strangers_the_first_few_are_kept_and_the_rest_counted() {
    let mut sharing = Sharing::new(KEEP);
    let batch = ["a", "b", "c", "d", "e"].map(stranger);
    let expected = ["insert a × 1", "insert b × 1", "insert c × 3"];
    assert_eq!(shown(&sharing.place(&batch)), expected);
}

#[test]
fn anonymous_grants_begin_a_bounded_number_of_rows() {
    let mut sharing = Sharing::new(KEEP);
    let grant = |id: &str, key: &str| {
        let key = key.to_owned();
        intent(id, 0, Class::Anonymous { key })
    };
    let batch = [
        grant("a", "x"),
        grant("b", "x"),
        grant("c", "y"),
        grant("d", "z"),
        grant("e", "w"),
    ];
    let expected = ["insert a × 2", "insert c × 1", "insert d × 2"];
    assert_eq!(shown(&sharing.place(&batch)), expected);
}

#[test]
fn after_a_failed_commit_rows_begin_anew() {
    let mut sharing = Sharing::new(KEEP);
    sharing.place(&[refusal("a", 0)]);
    sharing.forget();
    assert_eq!(shown(&sharing.place(&[refusal("b", 1)])), ["insert b × 1"]);
}

#[test]
fn a_token_has_a_row_of_its_own() {
    let mut sharing = Sharing::new(KEEP);
    let batch = [intent("a", 0, Class::Own), intent("b", 0, Class::Own)];
    assert_eq!(
        shown(&sharing.place(&batch)),
        ["insert a × 1", "insert b × 1"]
    );
}

/// A token's event whose conditions asked to open a session and for a refresh token.
fn settled(verdict: &Verdict) -> Option<String> {
    let conditions = Conditions {
        session: Some(SessionUse {
            login: "login".to_owned(),
            open: Some(Box::new(session_row())),
            used_ms: 0,
            networks: None,
            max_uses: None,
            opens_it: false,
            sealed: None,
        }),
        refresh_token: Some(RefreshTokenRow {
            hash: "hash".to_owned(),
            login: "login".to_owned(),
            registry: "prod".to_owned(),
            created_ms: 0,
        }),
        ..Conditions::default()
    };
    let mut intent = intent("a", 0, Class::Own);
    // As often as a commit is tried: it is said once.
    assert_eq!(
        intent.settle(&conditions, verdict),
        intent.settle(&conditions, verdict)
    );
    intent
        .settle(&conditions, verdict)
        .then_some(intent.row.body)
}

fn session_row() -> SessionRow {
    SessionRow {
        login: "login".to_owned(),
        issuer: "github".to_owned(),
        identity: "74".to_owned(),
        name: "acme/web".to_owned(),
        run: None,
        binding: String::new(),
        signing_key: String::new(),
        issued_ms: 0,
        expires_ms: 0,
        opened_ms: 0,
        ends_ms: 0,
        prune_ms: 0,
        last_used_ms: 0,
        uses: 1,
        networks: "[]".to_owned(),
        claims: "{}".to_owned(),
        provider: None,
        sealed: None,
    }
}

#[test]
fn an_event_says_what_became_of_its_session() {
    let kept = |refresh_token, uses| Verdict::Kept {
        refresh_token,
        uses: Some(uses),
        sealed: None,
    };
    assert_eq!(
        settled(&kept(true, 1)).unwrap(),
        r#"{"session":"opened","uses":1,"refresh_token":true}"#
    );
    // Somebody else opened it a moment before.
    assert_eq!(
        settled(&kept(false, 2)).unwrap(),
        r#"{"session":"used","uses":2,"refresh_token_limit":true}"#
    );
}

#[test]
fn an_event_that_was_overtaken_is_not_written() {
    let login = "login".to_owned();
    let verdict = Verdict::Overtaken(Overtaken::Session { login });
    assert_eq!(settled(&verdict), None);
}

#[test]
fn members_are_added_to_an_object_whatever_it_holds() {
    for (before, after) in [("{}", r#"{"a":1}"#), (r#"{"b":2}"#, r#"{"b":2,"a":1}"#)] {
        let mut body = before.to_owned();
        add(&mut body, r#""a":1"#);
        assert_eq!(body, after);
    }
}
