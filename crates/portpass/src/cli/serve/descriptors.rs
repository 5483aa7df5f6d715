//! File descriptors: one for each connection, and some to go on with.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside clients' connections: the database, issuers, files.
const OTHERS: u64 = 256;

/// Raises how many descriptors this process may have, as far as it may, so that
/// so many connections never take the last one; says so where it may not.
///
/// systemd starts programs with 1024, and lets them have more: a program has to
/// say that it can live with it.
pub(super) fn allow(connections: u32) {
    let wanted = u64::from(connections) + OTHERS;
    let limit = getrlimit(Resource::Nofile);
    let given = limit.maximum.map_or(wanted, |most| most.min(wanted));
    if limit.current.is_some_and(|current| current < given) {
        let raised = Rlimit {
            current: Some(given),
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(error = %error, "The limit of open files was not raised");
        }
    }
    let current = getrlimit(Resource::Nofile).current;
    if let Some(current) = current.filter(|current| *current < wanted) {
        tracing::warn!(
            "at most {current} files may be open, and [limits] connections needs {wanted}: raise the \
             limit (LimitNOFILE= of systemd), or allow fewer connections"
        );
    }
}
