//! What is logged while a test runs, every level of it, from all of its threads.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use tracing_subscriber::{
    filter::{DynFilterFn, LevelFilter},
    fmt::{self, MakeWriter},
    layer::{Layer as _, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

/// What `reqwest` says whenever it connects, to whomever it is.
const CONNECTS: &str = "starting new connection";

/// The access log's words.
const ANSWERED: &str = "Request answered";

thread_local! {
    static HERE: RefCell<Option<Lines>> = const { RefCell::new(None) };
}

/// How many tests listen at this moment.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

/// What threads say that are no test's own, such as the database's.
static ELSEWHERE: OnceLock<Lines> = OnceLock::new();

/// Lines so far, as they would be written to the standard error, and how many of
/// two kinds there are among them.
#[derive(Clone, Default)]
struct Lines {
    text: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }
}

impl Write for Lines {
    /// Takes one line, which is how the subscriber writes them.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let says = |words: &str| {
            let mut windows = line.windows(words.len());
            usize::from(windows.any(|window| window == words.as_bytes()))
        };
        self.connections.fetch_add(says(CONNECTS), Relaxed);
        self.requests.fetch_add(says(ANSWERED), Relaxed);
        self.text.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where this thread's lines go, if anybody wants them.
fn lines() -> Option<Lines> {
    if let Some(lines) = HERE.with_borrow(Clone::clone) {
        return Some(lines);
    }
    // A test's thread has the path of its test for a name.
    let is_other_test = thread::current()
        .name()
        .is_none_or(|name| name.contains("::"));
    let is_wanted = LISTENING.load(Relaxed) > 0 && !is_other_test;
    is_wanted.then(|| ELSEWHERE.get_or_init(Lines::default).clone())
}

struct ToLines;

impl MakeWriter<'_> for ToLines {
    type Writer = Lines;

    fn make_writer(&self) -> Lines {
        lines().unwrap_or_default()
    }
}

/// Listens from when it is made until it is dropped.
pub(super) struct Log(Lines);

impl Log {
    pub(super) fn listen() -> Self {
        static SET_UP: OnceLock<()> = OnceLock::new();
        SET_UP.get_or_init(|| {
            let wanted =
                DynFilterFn::new(|_, _| lines().is_some()).with_max_level_hint(LevelFilter::TRACE);
            let layer = fmt::layer().with_writer(ToLines).with_ansi(false);
            tracing_subscriber::registry()
                .with(layer.with_filter(wanted))
                .init();
        });
        let lines = Lines::default();
        HERE.set(Some(lines.clone()));
        LISTENING.fetch_add(1, Relaxed);
        Self(lines)
    }

    /// What this test's own thread has said: requests, and who was asked for keys.
    pub(super) fn here(&self) -> String {
        self.0.text()
    }

    /// That, and what was said in threads that belong to no test.
    pub(super) fn everywhere(&self) -> String {
        let elsewhere = ELSEWHERE.get().map(Lines::text).unwrap_or_default();
        self.here() + &elsewhere
    }

    /// How often somebody was connected to.
    pub(super) fn connections(&self) -> usize {
        self.0.connections.load(Relaxed)
    }

    /// How many requests the access log has.
    pub(super) fn requests(&self) -> usize {
        self.0.requests.load(Relaxed)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, Relaxed);
        HERE.set(None);
    }
}
