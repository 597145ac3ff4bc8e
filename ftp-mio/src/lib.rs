//! An FTP client on readiness: thousands of sessions on one thread, with mio or any other reactor.
