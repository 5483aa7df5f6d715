//! When and for whom a JWT holds (RFC 7519 §4.1.3 to §4.1.6).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{claims::Claims, unproven::RejectReason};

/// How far two clocks may be apart, in seconds.
const LEEWAY: i64 = 30;

/// What an issuer's JWTs must keep to.
#[derive(Debug)]
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

impl Terms {
    /// Until when the login may last: the later of `exp` and `iat` plus `session_max`.
    pub(super) fn check(&self, claims: &Claims, now: Timestamp) -> Result<Timestamp, RejectReason> {
        let (iat, exp) = self.check_times(claims, now.as_second())?;
        self.check_audience(claims)?;
        let until = exp.max(iat.saturating_add(self.session_max));
        moment("exp", until)
    }

    fn check_times(&self, claims: &Claims, now: i64) -> Result<(i64, i64), RejectReason> {
        let required = |claim| {
            claims
                .seconds(claim)
                .ok_or(RejectReason::TimeMalformed { claim })
        };
        let exp = required("exp")?;
        let iat = required("iat")?;
        if claims.get("nbf").is_some() {
            let nbf = required("nbf")?;
            if nbf - now > LEEWAY {
                return Err(RejectReason::NotYetValid {
                    at: moment("nbf", nbf)?,
                });
            }
        }
        if iat - now > LEEWAY {
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
        if now - exp >= LEEWAY {
            return Err(RejectReason::Expired {
                at: moment("exp", exp)?,
            });
        }
        Ok((iat, exp))
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

    fn check(terms: &Terms, changes: &Value) -> Result<Timestamp, RejectReason> {
        let mut claims = json!({"aud": "registry.example.com", "exp": NOW + 200, "iat": NOW - 100});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        terms.check(&claims, Timestamp::from_second(NOW).unwrap())
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
