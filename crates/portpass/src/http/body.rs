//! Bodies of requests: bounded in time, and in what is held of all of them at once.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::{
    Request,
    body::{Body as _, Frame, Incoming, SizeHint},
};
use tokio::time::{Sleep, sleep};

use crate::limits::{Share, Shares};

/// So many bodies of the longest sort are held at once.
const LONGEST_AT_ONCE: u64 = 512;

/// So many of them may come from one address (`/64` of IPv6).
const LONGEST_EACH: u64 = 64;

/// How the bodies of all requests are bounded.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    held: Arc<Shares>,
    limit: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum BodyFault {
    /// Others' bodies take all the room there is, or those of the same address.
    #[error("too many requests are being read at once; try again")]
    NoRoom,
    /// It took longer than it may.
    #[error("the request took too long; try again")]
    TooSlow,
}

/// What one request has of the room for bodies, until it is answered.
#[derive(Debug)]
pub(super) struct Reading {
    share: Mutex<Share>,
    fault: OnceLock<BodyFault>,
}

impl Bodies {
    /// Bodies that are so long at most, each of which may take so long.
    pub(super) fn new(longest: usize, limit: Duration) -> Self {
        let longest = longest as u64;
        Self {
            held: Shares::new(LONGEST_AT_ONCE * longest, LONGEST_EACH * longest),
            limit,
        }
    }

    /// Puts a request's body under these bounds; one without a body stays as it is.
    pub(super) fn bound(
        &self,
        request: Request<Incoming>,
        client: impl FnOnce(&Request<Incoming>) -> IpAddr,
    ) -> (Request<Body>, Option<Arc<Reading>>) {
        if request.body().is_end_stream() {
            return (request.map(|_nothing| Body::empty()), None);
        }
        let reading = Arc::new(Reading {
            share: Mutex::new(self.held.nothing(client(&request))),
            fault: OnceLock::new(),
        });
        let bounded = |body| Bounded {
            body,
            deadline: Box::pin(sleep(self.limit)),
            reading: Arc::clone(&reading),
        };
        (request.map(bounded).map(Body::new), Some(reading))
    }
}

impl Reading {
    /// Why the body was not read to its end, if it was not.
    pub(super) fn fault(&self) -> Option<BodyFault> {
        self.fault.get().copied()
    }

    fn failed(&self, fault: BodyFault) -> BodyFault {
        *self.fault.get_or_init(|| fault)
    }

    fn has_room(&self, bytes: usize) -> bool {
        let mut share = self.share.lock().expect("no holder of the lock can panic");
        share.grow(bytes as u64)
    }
}

/// A body that ends with a fault where it goes beyond its bounds.
struct Bounded {
    body: Incoming,
    deadline: Pin<Box<Sleep>>,
    reading: Arc<Reading>,
}

impl hyper::body::Body for Bounded {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            let fault = self.reading.failed(BodyFault::TooSlow);
            return Poll::Ready(Some(Err(fault.into())));
        }
        Pin::new(&mut self.body).poll_frame(context).map(|frame| {
            frame.map(|frame| {
                let frame = frame?;
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                if self.reading.has_room(bytes) {
                    Ok(frame)
                } else {
                    Err(self.reading.failed(BodyFault::NoRoom).into())
                }
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
