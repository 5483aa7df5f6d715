//! What was measured, for people.

use std::fmt::Write as _;

use crate::{
    report::{Numbers, Report, mib},
    run::Mix,
};

/// Beyond this share of its core, the load may have been slower than the server.
const BUSY: f64 = 0.9;

/// A request that was sent so many milliseconds late says more of the load than of the server.
const LATE_MS: f64 = 1.0;

/// All of it.
pub(crate) fn table(report: &Report) -> String {
    let mut text = String::new();
    of_database(&mut text, "SQLite", &report.sqlite);
    if let Some(postgres) = &report.postgres {
        of_database(&mut text, "PostgreSQL", postgres);
    }
    if let Some(peer) = report.docker_auth {
        line(
            &mut text,
            "docker_auth, tokens/CPU s",
            &format!(
                "{:.0} with its RSA key, {:.0} with an EC key",
                peer.rsa, peer.ec
            ),
        );
    }
    text
}

fn of_database(text: &mut String, name: &str, numbers: &Numbers) {
    line(
        text,
        name,
        "tokens/CPU s   floor/CPU s   ratio   tokens/s   load",
    );
    for (name, mix) in [("new", &numbers.new), ("represented", &numbers.represented)] {
        if !mix.is_empty() {
            line(text, name, &of_mix(mix));
        }
    }
    if let Some(latency) = numbers.latency {
        let mut said = format!(
            "p50 {:.2}   p99 {:.2}   p99.9 {:.2}   bare commit's p99 {:.2}   ({:.0}/s)",
            latency.p50, latency.p99, latency.p999, latency.commit_p99, latency.per_second,
        );
        if latency.sent_p99 > LATE_MS {
            let _ = write!(
                said,
                "; the load was late itself: p99 {:.2}",
                latency.sent_p99
            );
        }
        line(text, "latency, ms", &said);
    }
    for look in &numbers.memory {
        let said = format!(
            "{:.1} after {} tokens, {:.1} at most",
            mib(look.memory.now_kib),
            look.tokens,
            mib(look.memory.peak_kib),
        );
        line(text, "resident, MiB", &said);
    }
    if let Some(middle) = numbers.startup_ms() {
        let slowest = numbers.starts.iter().max().copied().unwrap_or_default();
        let said = format!("{middle:.1}, {:.1} at most", slowest.as_secs_f64() * 1e3);
        line(text, "start, ms", &said);
    }
    text.push('\n');
}

fn of_mix(mix: &Mix) -> String {
    let mut said = format!(
        "{:>12.0} {:>13.0} {:>7.3} {:>10.0} {:>5.0}%",
        mix.tokens(),
        mix.floor(),
        mix.ratio(),
        mix.per_second(),
        mix.load_share() * 100.0,
    );
    // Infallible: a String grows.
    if mix.database_us() > 0.0 {
        let _ = write!(
            said,
            "; the database took {:.0} µs a token",
            mix.database_us()
        );
    }
    if mix.load_share() > BUSY {
        said.push_str("; the load was at its limit");
    }
    said
}

fn line(text: &mut String, name: &str, said: &str) {
    // Infallible: a String grows.
    let _ = writeln!(text, "{name:<26} {said}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::good;

    #[test]
    fn the_table_says_what_the_object_says_and_what_was_not_measured_is_not_there() {
        let text = table(&good());
        for said in [
            "8000         12000   0.667       4000    40%\n",
            "p50 1.00   p99 6.00   p99.9 9.00   bare commit's p99 2.00   (3000/s)\n",
            "50.0 after 1000000 tokens, 50.1 at most\n",
            "100.0, 400.0 at most\n",
            "700 with its RSA key, 5000 with an EC key\n",
        ] {
            assert!(text.contains(said), "{said} is not in\n{text}");
        }
        let text = table(&Report::default());
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    }

    #[test]
    fn a_load_that_was_late_itself_is_said_to_be() {
        let mut report = good();
        assert!(!table(&report).contains("the load was late"));
        if let Some(latency) = &mut report.sqlite.latency {
            latency.sent_p99 = 2.5;
        }
        assert!(table(&report).contains("the load was late itself: p99 2.50"));
    }
}
