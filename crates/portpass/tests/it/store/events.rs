//! The table of events: written in batches, counted, and asked.

use portpass::store::{Change, EventFilter, EventRow};

use super::{databases::each, rows::event};

fn insert(row: &EventRow) -> Change<'static> {
    Change::from(row.clone())
}

fn repeat(id: &str, times: i64, last_ms: i64) -> Change<'static> {
    Change::Repeat {
        id: id.to_owned(),
        times,
        last_ms,
    }
}

#[tokio::test]
async fn what_happens_again_is_counted_on_its_row() {
    each(async |database| {
        let store = &database.store;
        let row = event("01", 1_000);
        // Twice on one row in one batch, and once on a row that was pruned.
        let changes = [
            insert(&row),
            repeat("01", 2, 3_000),
            repeat("01", 1, 2_000),
            repeat("00", 1, 1),
        ];
        store.write_events(&changes).await.unwrap();
        store.write_events(&[repeat("01", 1, 4_000)]).await.unwrap();
        let expected = EventRow {
            count: 5,
            last_ms: 4_000,
            ..row
        };
        assert_eq!(
            store.events(&EventFilter::default(), 10).await.unwrap(),
            [expected]
        );
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_written_whole_or_not_at_all() {
    each(async |database| {
        let store = &database.store;
        store
            .write_events(&[insert(&event("01", 1))])
            .await
            .unwrap();
        let again = [insert(&event("02", 1)), insert(&event("01", 1))];
        assert!(store.write_events(&again).await.is_err());
        let rows = store.events(&EventFilter::default(), 10).await.unwrap();
        assert_eq!(rows, [event("01", 1)]);
        // And the next one is.
        store
            .write_events(&[insert(&event("02", 1))])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn events_are_found_by_what_they_say() {
    each(async |database| {
        let store = &database.store;
        let mut other = event("03", 3_000);
        other.kind = "refusal".to_owned();
        other.reason = Some("no_rule".to_owned());
        other.decision = Some("e".to_owned());
        other.login = None;
        other.registry = Some("test".to_owned());
        other.issuer = Some("gitlab".to_owned());
        other.identity = Some("75".to_owned());
        let rows: Vec<_> = [event("01", 1_000), event("02", 2_000), other.clone()].to_vec();
        let changes: Vec<_> = rows.iter().map(insert).collect();
        store.write_events(&changes).await.unwrap();

        let found = async |filter: EventFilter, limit| store.events(&filter, limit).await.unwrap();
        assert_eq!(found(EventFilter::default(), 10).await, rows);
        assert_eq!(
            found(EventFilter::default(), 2).await,
            rows[1..],
            "the newest, oldest first"
        );
        let after = EventFilter {
            after: Some("01".to_owned()),
            ..EventFilter::default()
        };
        assert_eq!(found(after, 1).await, rows[1..2], "the oldest after it");
        let text = |text: &str| Some(text.to_owned());
        for filter in [
            EventFilter {
                decision: text("e"),
                ..EventFilter::default()
            },
            EventFilter {
                identity: text("75"),
                ..EventFilter::default()
            },
            EventFilter {
                issuer: text("gitlab"),
                ..EventFilter::default()
            },
            EventFilter {
                kind: text("refusal"),
                ..EventFilter::default()
            },
            EventFilter {
                registry: text("test"),
                ..EventFilter::default()
            },
            EventFilter {
                since_ms: Some(3_000),
                ..EventFilter::default()
            },
        ] {
            assert_eq!(
                found(filter.clone(), 10).await,
                [other.clone()],
                "{filter:?}"
            );
        }
        let token = EventFilter {
            decision: text("d"),
            ..EventFilter::default()
        };
        assert_eq!(
            found(token, 10).await,
            rows[..2],
            "tokens, where nobody was told it"
        );
        let login = EventFilter {
            login: text("l"),
            ..EventFilter::default()
        };
        assert_eq!(found(login, 10).await, rows[..2]);
    })
    .await;
}
