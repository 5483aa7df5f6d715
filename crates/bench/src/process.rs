//! What a process has used of the machine, as `/proc` tells it (proc(5)).

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

/// The unit of times in `/proc/PID/stat`: `USER_HZ` is 100 on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Resident memory, in KiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Memory {
    /// Now.
    pub now_kib: u64,
    /// The most there ever was.
    pub peak_kib: u64,
}

/// The CPU time that a process has used so far, its own and the system's for it, all threads.
pub fn cpu(id: u32) -> Result<Duration> {
    let path = format!("/proc/{id}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let ticks = ticks(&stat).with_context(|| format!("{path} says {stat}"))?;
    Ok(TICK * ticks)
}

/// The CPU time of this process so far, all threads.
pub fn own_cpu() -> Result<Duration> {
    cpu(std::process::id())
}

/// The CPU time of a process and of those it started, also those that have ended.
pub fn cpu_of_family(id: u32) -> Result<Duration> {
    let ticks = family(id)?.into_iter().map(|member| {
        let ended = if member.id == id {
            member.ended_children
        } else {
            0
        };
        member.own + ended
    });
    Ok(TICK * ticks.sum::<u32>())
}

/// The ids of a process and of those it started.
pub fn ids_of_family(id: u32) -> Result<Vec<u32>> {
    Ok(family(id)?.into_iter().map(|member| member.id).collect())
}

fn family(id: u32) -> Result<Vec<Member>> {
    let mut members = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path().join("stat");
        // Others than processes are here, too, and processes end while we read.
        let stat = fs::read_to_string(path).unwrap_or_default();
        members.extend(Member::of(&stat).filter(|member| [member.id, member.parent].contains(&id)));
    }
    Ok(members)
}

/// What is resident of a process.
pub fn memory(id: u32) -> Result<Memory> {
    let path = format!("/proc/{id}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let kib = |name| kib(&status, name).with_context(|| format!("{path} has no {name}"));
    Ok(Memory {
        now_kib: kib("VmRSS")?,
        peak_kib: kib("VmHWM")?,
    })
}

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Eq, PartialEq)]
struct Member {
    id: u32,
    parent: u32,
    own: u32,
    ended_children: u32,
}

impl Member {
    fn of(stat: &str) -> Option<Self> {
        let (id, _) = stat.split_once(' ')?;
        // The second field is the program's name, which may contain anything.
        let (_, rest) = stat.rsplit_once(") ")?;
        let number = |field: usize| rest.split(' ').nth(field - 3)?.parse::<u32>().ok();
        Some(Self {
            id: id.parse().ok()?,
            parent: number(4)?,
            own: number(14)?.checked_add(number(15)?)?,
            ended_children: number(16)?.checked_add(number(17)?)?,
        })
    }
}

/// `utime` and `stime` together: fields 14 and 15 of `/proc/PID/stat`.
fn ticks(stat: &str) -> Option<u32> {
    Member::of(stat).map(|member| member.own)
}

/// A line of `/proc/PID/status` such as `VmRSS:     1234 kB`.
fn kib(status: &str, name: &str) -> Option<u64> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(line, _)| *line == name)?;
    value.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const STAT: &str = "4 (a) 1 (b) S 7 2 3 4 5 6 7 8 9 10 250 30 11 12 20 0 3 0 8 9";

    #[test]
    fn the_time_of_a_program_with_a_strange_name_is_read() {
        assert_eq!(ticks(STAT), Some(280));
        assert_eq!(ticks("4 (short) S 1"), None);
        let member = Member::of(STAT).unwrap();
        assert_eq!((member.id, member.parent), (4, 7));
        assert_eq!(member.ended_children, 23);
    }

    #[test]
    fn resident_memory_is_read_by_the_whole_name_of_its_line() {
        let status = "Name:\tVmRSS\nVmRSSx:\t1 kB\nVmHWM:\t  900 kB\nVmRSS:\t   512 kB\n";
        assert_eq!(kib(status, "VmRSS"), Some(512));
        assert_eq!(kib(status, "VmHWM"), Some(900));
        assert_eq!(kib(status, "VmSwap"), None);
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(cpu(u32::MAX).is_err());
        assert!(memory(u32::MAX).is_err());
        assert!(cpu(std::process::id()).is_ok());
    }

    #[test]
    fn a_family_is_a_process_and_its_children() {
        let me = std::process::id();
        // It waits for a text that never comes.
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let (used, ids) = (cpu(me).unwrap(), ids_of_family(me).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(ids.contains(&me) && ids.contains(&child.id()), "{ids:?}");
        assert!(cpu_of_family(me).unwrap() >= used);
    }
}
