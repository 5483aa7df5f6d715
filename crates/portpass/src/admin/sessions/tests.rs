//! What to end is said in one way, or refused.

use super::*;

#[test]
fn what_to_end_is_said_in_exactly_one_way() {
    let text = |text: &str| Some(text.to_owned());
    let login = "k7f3a2bcdefghijk";
    let target = |question: RevokeSessions| {
        question
            .target()
            .map(|(kind, issuer, value)| format!("{kind} {issuer} {value}"))
            .map_err(|failure| failure.to_string())
    };
    let none = RevokeSessions::default();
    for (question, expected) in [
        (
            RevokeSessions {
                login: text(login),
                ..none.clone()
            },
            format!("login  {login}"),
        ),
        (
            RevokeSessions {
                run: text("9"),
                issuer: text("github"),
                ..none.clone()
            },
            "run github 9".to_owned(),
        ),
        (
            RevokeSessions {
                id: text("74"),
                issuer: text("github"),
                ..none.clone()
            },
            "identity github 74".to_owned(),
        ),
        (
            RevokeSessions {
                issuer: text("github"),
                ..none.clone()
            },
            "issuer github ".to_owned(),
        ),
        (
            RevokeSessions {
                all: true,
                ..none.clone()
            },
            "all  ".to_owned(),
        ),
    ] {
        assert_eq!(target(question).unwrap(), expected);
    }
    for refused in [
        none.clone(),
        RevokeSessions {
            login: text("short"),
            ..none.clone()
        },
        RevokeSessions {
            run: text("9"),
            ..none.clone()
        },
        RevokeSessions {
            id: text("74"),
            ..none.clone()
        },
        RevokeSessions {
            all: true,
            issuer: text("github"),
            ..none.clone()
        },
        RevokeSessions {
            login: text(login),
            all: true,
            ..none
        },
    ] {
        assert!(target(refused.clone()).is_err(), "{refused:?}");
    }
}
