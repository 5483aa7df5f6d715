//! Keys over real sockets.
