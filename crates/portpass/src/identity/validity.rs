//! When and for whom a JWT holds (RFC 7519 §4.1.3 to §4.1.6).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{RejectReason, claims::Claims};

/// How far two clocks may be apart.
pub(crate) const LEEWAY_SECONDS: i64 = 30;

/// What an issuer's JWTs must keep to.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// The issuer's name, for the words of a rejection.
    pub(super) issuer: Arc<str>,
    pub(super) audiences: Vec<String>,
    pub(super) allow_extra_audiences: bool,
    /// Longest time from `iat` to `exp`, in seconds.
    pub(super) max_jwt_lifetime: i64,
    /// How long a login may last from `iat`, in seconds.
    pub(super) session_max: i64,
}

/// The times that a login is measured by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Life {
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
    /// When the login ends: the later of `exp` and `iat` plus `session_max`.
    pub(super) cap: Timestamp,
}

impl Terms {
    /// Checks a JWT that is presented in its time.
    pub(super) fn check(&self, claims: &Claims, now: Timestamp) -> Result<Life, RejectReason> {
        let life = self.check_but_age(claims, now)?;
        if life.is_over(now) {
            return Err(RejectReason::Expired { at: life.expires });
        }
        self.check_audience(claims)?;
        Ok(life)
    }

    /// Everything that is wrong with a JWT that is presented now: one thing of its
    /// times, one of its audience.
    pub(super) fn faults(&self, claims: &Claims, now: Timestamp) -> Vec<RejectReason> {
        let age = match self.check_but_age(claims, now) {
            Ok(life) => life
                .is_over(now)
                .then_some(RejectReason::Expired { at: life.expires }),
            Err(reason) => Some(reason),
        };
        let audience = self.check_audience(claims).err();
        age.into_iter().chain(audience).collect()
    }

    /// Checks a JWT whose login goes on after it has expired: everything but its
    /// age, and that the login has not reached its cap.
    pub(super) fn check_within(
        &self,
        claims: &Claims,
        now: Timestamp,
    ) -> Result<Life, RejectReason> {
        let life = self.check_but_age(claims, now)?;
        self.check_audience(claims)?;
        // No login ends while its JWT would still begin one.
        if life.cap <= now && life.is_over(now) {
            return Err(RejectReason::SessionEnded { at: life.cap });
        }
        Ok(life)
    }

    fn check_but_age(&self, claims: &Claims, now: Timestamp) -> Result<Life, RejectReason> {
        let now = now.as_second();
        let required = |claim| {
            claims
                .seconds(claim)
                .ok_or(RejectReason::TimeMalformed { claim })
        };
        let exp = required("exp")?;
        let iat = required("iat")?;
        if claims.get("nbf").is_some() {
            let nbf = required("nbf")?;
            if nbf - now > LEEWAY_SECONDS {
                return Err(RejectReason::NotYetValid {
                    at: moment("nbf", nbf)?,
                });
            }
        }
        if iat - now > LEEWAY_SECONDS {
            return Err(RejectReason::IssuedInFuture {
                at: moment("iat", iat)?,
            });
        }
        if exp < iat {
            return Err(RejectReason::TimeMalformed { claim: "exp" });
        }
        if exp - iat > self.max_jwt_lifetime {
            return Err(RejectReason::TooLongLived {
                issuer: Arc::clone(&self.issuer),
                seconds: exp - iat,
            });
        }
        let cap = exp.max(iat.saturating_add(self.session_max));
        Ok(Life {
            issued: moment("iat", iat)?,
            expires: moment("exp", exp)?,
            cap: moment("exp", cap)?,
        })
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), RejectReason> {
        let audience: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several
                .iter()
                .map(Value::as_str)
                .collect::<Option<_>>()
                .ok_or(RejectReason::AudienceMissing)?,
            Some(Value::Bool(_) | Value::Null | Value::Number(_) | Value::Object(_)) | None => {
                return Err(RejectReason::AudienceMissing);
            }
        };
        if audience.iter().all(|name| name.is_empty()) {
            return Err(RejectReason::AudienceMissing);
        }
        let ours = |name: &&str| self.audiences.iter().any(|accepted| accepted == name);
        if !audience.iter().any(ours) {
            return Err(RejectReason::AudienceWrong {
                audience: audience.join(", "),
            });
        }
        if !self.allow_extra_audiences && !audience.iter().all(ours) {
            return Err(RejectReason::AudienceShared {
                audience: audience.join(", "),
            });
        }
        Ok(())
    }
}

impl Life {
    /// Whether the JWT has expired, by every clock that may be ours.
    fn is_over(&self, now: Timestamp) -> bool {
        now.as_second() - self.expires.as_second() >= LEEWAY_SECONDS
    }
}

/// The time that a claim states, unless it is beyond all calendars.
fn moment(claim: &'static str, seconds: i64) -> Result<Timestamp, RejectReason> {
    Timestamp::from_second(seconds).map_err(|_out_of_range| RejectReason::TimeMalformed { claim })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn terms() -> Terms {
        Terms {
            issuer: "github".into(),
            audiences: vec!["registry.example.com".to_owned()],
            allow_extra_audiences: false,
            max_jwt_lifetime: 900,
            session_max: 3600,
        }
    }

    fn claims(changes: &Value) -> Claims {
        let mut claims = json!({"aud": "registry.example.com", "exp": NOW + 200, "iat": NOW - 100});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Claims::parse(claims.to_string().as_bytes()).unwrap()
    }

    /// When a login ends that begins with such a JWT.
    fn check(terms: &Terms, changes: &Value) -> Result<Timestamp, RejectReason> {
        let life = terms.check(&claims(changes), at(NOW))?;
        Ok(life.cap)
    }

    /// When a login ends that is used so many seconds later.
    fn check_within(terms: &Terms, changes: &Value, later: i64) -> Result<Timestamp, RejectReason> {
        let life = terms.check_within(&claims(changes), at(NOW + later))?;
        Ok(life.cap)
    }

    #[test]
    fn the_cap_is_the_later_of_exp_and_the_session() {
        let until = |session_max| {
            let terms = Terms {
                session_max,
                ..terms()
            };
            check(&terms, &json!({})).unwrap().as_second()
        };
        assert_eq!(until(3600), NOW - 100 + 3600);
        assert_eq!(until(60), NOW + 200);
        assert_eq!(until(0), NOW + 200);
    }

    #[test]
    fn expiry_has_half_a_minute_of_leeway() {
        assert!(check(&terms(), &json!({"exp": NOW - 29})).is_ok());
        assert_eq!(
            check(&terms(), &json!({"exp": NOW - 30})),
            Err(RejectReason::Expired { at: at(NOW - 30) })
        );
    }

    #[test]
    fn a_login_goes_on_until_its_cap_and_not_a_second_longer() {
        let cap = at(NOW - 100 + 3600);
        for later in [0, 200, 230, 3499] {
            assert_eq!(check_within(&terms(), &json!({}), later), Ok(cap));
        }
        for later in [3500, 86_400] {
            let ended = check_within(&terms(), &json!({}), later);
            assert_eq!(ended, Err(RejectReason::SessionEnded { at: cap }));
        }
    }

    #[test]
    fn a_login_ends_no_earlier_than_its_jwt_and_never_later_than_the_settings_say() {
        let as_long_as_the_jwt = Terms {
            session_max: 0,
            ..terms()
        };
        let exp = at(NOW + 200);
        let ends = |later| check_within(&as_long_as_the_jwt, &json!({}), later);
        assert_eq!(ends(199), Ok(exp));
        assert_eq!(ends(229), Ok(exp), "its JWT has that leeway too");
        assert_eq!(ends(230), Err(RejectReason::SessionEnded { at: exp }));
    }

    #[test]
    fn within_a_login_everything_but_the_age_is_checked() {
        for changes in [
            json!({"aud": "sts.amazonaws.com"}),
            json!({"aud": ["registry.example.com", "sts.amazonaws.com"]}),
            json!({"aud": null}),
            json!({"iat": NOW + 1031}),
            json!({"nbf": NOW + 1031}),
            json!({"exp": NOW + 900}),
            json!({"exp": NOW - 101}),
            json!({"exp": "9999999999"}),
            json!({"iat": null}),
        ] {
            let in_its_time = check(&terms(), &changes).unwrap_err();
            let within = check_within(&terms(), &changes, 1000).unwrap_err();
            assert_eq!(within.code(), in_its_time.code(), "{changes}");
        }
        let narrowed = Terms {
            audiences: vec!["other.example.com".to_owned()],
            ..terms()
        };
        let refused = check_within(&narrowed, &json!({}), 1000);
        assert!(matches!(refused, Err(RejectReason::AudienceWrong { .. })));
    }

    #[test]
    fn a_jwt_from_the_future_is_rejected() {
        assert!(check(&terms(), &json!({"nbf": NOW + 30, "iat": NOW + 30})).is_ok());
        assert_eq!(
            check(&terms(), &json!({"nbf": NOW + 31})),
            Err(RejectReason::NotYetValid { at: at(NOW + 31) })
        );
        assert_eq!(
            check(&terms(), &json!({"iat": NOW + 31})),
            Err(RejectReason::IssuedInFuture { at: at(NOW + 31) })
        );
    }

    #[test]
    fn a_jwt_that_lives_too_long_is_rejected() {
        assert!(check(&terms(), &json!({"exp": NOW + 800})).is_ok());
        let year = check(&terms(), &json!({"exp": NOW + 31_536_000}));
        assert!(matches!(year, Err(RejectReason::TooLongLived { .. })));
        let never = check(&terms(), &json!({"exp": 1_u64 << 53}));
        assert!(matches!(never, Err(RejectReason::TooLongLived { .. })));
    }

    #[test]
    fn a_time_that_is_no_integer_is_never_skipped() {
        for claim in ["exp", "iat", "nbf"] {
            for bad in [
                json!("9999999999"),
                json!(1.5),
                json!(-1),
                json!(null),
                json!([]),
            ] {
                assert_eq!(
                    check(&terms(), &json!({claim: bad})),
                    Err(RejectReason::TimeMalformed { claim })
                );
            }
        }
        assert_eq!(
            check(&terms(), &json!({"exp": NOW - 101})),
            Err(RejectReason::TimeMalformed { claim: "exp" }),
            "it may not expire before it was issued"
        );
    }

    #[test]
    fn the_audience_is_ours_exactly() {
        for bad in [
            "registry.example.com.evil",
            "registry.example.co",
            "Registry.example.com",
            "https://registry.example.com",
            "https://github.com/acme",
            "sts.amazonaws.com",
        ] {
            let wrong = check(&terms(), &json!({"aud": bad}));
            assert!(
                matches!(wrong, Err(RejectReason::AudienceWrong { .. })),
                "{bad}"
            );
        }
        for bad in [
            json!(null),
            json!(""),
            json!([]),
            json!({}),
            json!(1),
            json!(["x", 1]),
        ] {
            assert_eq!(
                check(&terms(), &json!({"aud": bad})),
                Err(RejectReason::AudienceMissing),
                "{bad}"
            );
        }
    }

    #[test]
    fn further_audiences_are_refused_unless_allowed() {
        let shared = json!({"aud": ["registry.example.com", "sts.amazonaws.com"]});
        assert!(matches!(
            check(&terms(), &shared),
            Err(RejectReason::AudienceShared { .. })
        ));
        let allowing = Terms {
            allow_extra_audiences: true,
            ..terms()
        };
        assert!(check(&allowing, &shared).is_ok());
        assert!(check(&terms(), &json!({"aud": ["registry.example.com"]})).is_ok());
    }
}
