//! What was measured, for programs.

use std::time::Duration;

use bench::figures::{median, per_mille};
use serde_json::{Value, json};

use crate::{docker_auth::DockerAuth, memory::Look, run::Mix};

/// What was measured with one database; what was not is absent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// Every request a new JWT.
    pub(crate) new: Mix,
    /// One job's JWT, presented many times.
    pub(crate) represented: Mix,
    /// At half of the load that the first can bear.
    pub(crate) latency: Option<Latency>,
    /// What was resident, now and then.
    pub(crate) memory: Vec<Look>,
    /// How long each start took.
    pub(crate) starts: Vec<Duration>,
}

/// Latencies in milliseconds, from when a request was due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Latency {
    /// Requests that were due in a second.
    pub(crate) per_second: f64,
    /// Half of them took no longer.
    pub(crate) p50: f64,
    /// All but one of a hundred.
    pub(crate) p99: f64,
    /// All but one of a thousand.
    pub(crate) p999: f64,
    /// All but one of a hundred, where the same rows were committed and nothing else was done.
    pub(crate) commit_p99: f64,
    /// All but one of a hundred were sent no later after they were due.
    pub(crate) sent_p99: f64,
}

impl Latency {
    /// From what was measured, each shortest first: answers, bare commits, and delays in sending.
    pub(crate) fn of(
        per_second: f64,
        answers: &[Duration],
        commits: &[Duration],
        delays: &[Duration],
    ) -> Self {
        Self {
            per_second,
            p50: milliseconds(answers, 500),
            p99: milliseconds(answers, 990),
            p999: milliseconds(answers, 999),
            commit_p99: milliseconds(commits, 990),
            sent_p99: milliseconds(delays, 990),
        }
    }
}

impl Numbers {
    /// What was resident at the end, in MiB.
    pub(crate) fn rss_mib(&self) -> Option<f64> {
        self.memory.last().map(|look| mib(look.memory.now_kib))
    }

    /// The start in the middle, in milliseconds.
    pub(crate) fn startup_ms(&self) -> Option<f64> {
        let starts = self.starts.iter().map(|start| start.as_secs_f64() * 1e3);
        Some(median(starts.collect())).filter(|middle| middle.is_finite())
    }

    fn json(&self) -> Value {
        let latency = self.latency.map(|latency| {
            json!({
                "p50": rounded(latency.p50, 3),
                "p99": rounded(latency.p99, 3),
                "p999": rounded(latency.p999, 3),
                "commit_p99": rounded(latency.commit_p99, 3),
            })
        });
        json!({
            "new": of_mix(&self.new),
            "represented": of_mix(&self.represented),
            "latency_ms": latency,
            "rss_mib": self.rss_mib().map(|mib| rounded(mib, 1)),
            "startup_ms": self.startup_ms().map(|time| rounded(time, 1)),
        })
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// With one file.
    pub(crate) sqlite: Numbers,
    /// With a PostgreSQL beside.
    pub(crate) postgres: Option<Numbers>,
    /// What `docker_auth` does.
    pub(crate) docker_auth: Option<DockerAuth>,
}

impl Report {
    /// The object for programs: what was not measured is null.
    pub(crate) fn json(&self) -> Value {
        let mut object = self.sqlite.json();
        if let Some(members) = object.as_object_mut() {
            let peer = self
                .docker_auth
                .map(|peer| json!({ "rsa": peer.rsa.round(), "ec": peer.ec.round() }));
            members.insert("docker_auth".to_owned(), json!(peer));
            let postgres = self.postgres.as_ref().map(Numbers::json);
            members.insert("postgres".to_owned(), json!(postgres));
        }
        object
    }
}

fn of_mix(mix: &Mix) -> Option<Value> {
    (!mix.is_empty()).then(|| {
        json!({
            "tokens_per_cpu_s": mix.tokens().round(),
            "floor_per_cpu_s": mix.floor().round(),
            "ratio": rounded(mix.ratio(), 3),
        })
    })
}

/// KiB in MiB.
pub(crate) fn mib(kib: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no memory is that large")]
    let kib = kib as f64;
    kib / 1024.0
}

fn milliseconds(sorted: &[Duration], of_thousand: usize) -> f64 {
    per_mille(sorted, of_thousand).map_or(f64::NAN, |value| value.as_secs_f64() * 1e3)
}

/// So many digits after the point: the others are chance.
fn rounded(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}

#[cfg(test)]
pub(crate) mod tests {
    use bench::process::Memory;

    use super::*;

    /// A report in which every promise is kept.
    pub(crate) fn good() -> Report {
        let look = |tokens, now_kib| Look {
            tokens,
            memory: Memory {
                now_kib,
                peak_kib: now_kib + 100,
            },
        };
        let numbers = Numbers {
            new: Mix::measured(8000.0, 12_000.0),
            represented: Mix::measured(12_000.0, 18_000.0),
            latency: Some(Latency {
                per_second: 3000.0,
                p50: 1.0,
                p99: 6.0,
                p999: 9.0,
                commit_p99: 2.0,
                sent_p99: 0.1,
            }),
            memory: vec![look(250_000, 50_000), look(1_000_000, 51_200)],
            starts: [100, 90, 400].map(Duration::from_millis).to_vec(),
        };
        Report {
            postgres: Some(numbers.clone()),
            sqlite: numbers,
            docker_auth: Some(DockerAuth {
                rsa: 700.0,
                ec: 5000.0,
            }),
        }
    }

    #[test]
    fn the_object_has_just_the_members_that_programs_read() {
        let numbers = json!({
            "new": { "tokens_per_cpu_s": 8000.0, "floor_per_cpu_s": 12_000.0, "ratio": 0.667 },
            "represented": { "tokens_per_cpu_s": 12_000.0, "floor_per_cpu_s": 18_000.0, "ratio": 0.667 },
            "latency_ms": { "p50": 1.0, "p99": 6.0, "p999": 9.0, "commit_p99": 2.0 },
            "rss_mib": 50.0,
            "startup_ms": 100.0,
        });
        let mut object = numbers.clone();
        object["docker_auth"] = json!({ "rsa": 700.0, "ec": 5000.0 });
        object["postgres"] = numbers;
        assert_eq!(good().json(), object);
    }

    #[test]
    fn what_was_not_measured_is_null_and_not_missing() {
        let object = Report::default().json();
        let members = object.as_object().unwrap();
        assert_eq!(members.len(), 7);
        assert!(members.values().all(Value::is_null), "{object}");
    }

    #[test]
    fn latencies_are_told_in_milliseconds() {
        let answers: Vec<_> = (1..=1000).map(Duration::from_millis).collect();
        let commits: Vec<_> = (1..=100).map(Duration::from_micros).collect();
        let latency = Latency::of(7.0, &answers, &commits, &commits);
        assert_eq!(
            (latency.p50, latency.p99, latency.p999),
            (500.0, 990.0, 999.0)
        );
        assert!((latency.commit_p99 - 0.099).abs() < 1e-9);
    }
}
