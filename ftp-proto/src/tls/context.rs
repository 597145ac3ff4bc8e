//! What the channels of one control connection have in common: configuration, name, sessions to
//! resume.

use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;

use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup};

use super::{Channel, Purpose, TlsError};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many TLS 1.3 tickets are kept; beyond that the oldest goes. A server may send any number,
/// and a long series of downloads brings more than it spends.
const TICKETS_MAX: usize = 16;

/// The TLS side of one control connection: makes its channel and those of its data connections.
///
/// It owns the sessions that the server hands out. They are never shared with another `Context`,
/// and they are gone with it. It is deliberately not `Clone`: one control connection, one context.
///
/// See the [module](super) for an example.
pub struct Context {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    stock: Arc<Stock>,
}

impl Context {
    /// A context for a control connection to the server called `name`: the certificates of the
    /// control connection and of every data connection are checked against this one name (RFC 4217
    /// section 15.1).
    ///
    /// `config` is copied. Its `resumption` is replaced by the stock of this context, and early
    /// data is turned off, because a replayed command is a command executed twice. Everything else
    /// is the caller's: cryptography, roots or verifier, versions, client certificate.
    pub fn new(config: &ClientConfig, name: ServerName<'static>) -> Self {
        let stock = Arc::new(Stock::default());
        let mut config = config.clone();
        config.resumption = Resumption::store(stock.clone());
        config.enable_early_data = false;
        Self {
            config: Arc::new(config),
            name,
            stock,
        }
    }

    /// The same for a host written as text: a DNS name or an IP address.
    ///
    /// # Errors
    ///
    /// [`TlsError::Host`] when `host` is neither.
    pub fn for_host(config: &ClientConfig, host: &str) -> Result<Self, TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Host)?;
        Ok(Self::new(config, name))
    }

    /// A new channel, with its first flight in [`Channel::transmit`]. It offers the newest session
    /// of the stock: a TLS 1.3 ticket is taken out and spent, whatever becomes of the connection.
    /// So make the channel when the handshake is to begin, not earlier.
    ///
    /// `purpose` changes nothing but what an error says.
    ///
    /// # Errors
    ///
    /// What rustls says about a configuration that cannot work, or about a system without
    /// randomness or clock.
    pub fn channel(&self, purpose: Purpose) -> Result<Channel, TlsError> {
        Channel::new(self.config.clone(), self.name.clone(), purpose)
    }

    /// The name that certificates are checked against.
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// What the next channel can offer for resumption.
    ///
    /// Tickets that have expired meanwhile are counted until they are tried; common lifetimes are
    /// hours (ProFTPD 4.4, vsftpd 168).
    pub fn resumable(&self) -> Resumable {
        let held = self.stock.held();
        match (held.tickets.len(), &held.session) {
            (0, None) => Resumable::Nothing,
            (0, Some(_)) => Resumable::Session,
            (count, _) => Resumable::Tickets(count),
        }
    }

    /// The same as a session wants to be told it:
    /// [`Session::set_resumptions`](crate::Session::set_resumptions). `None` as long as no ticket
    /// has come at all, and with a TLS 1.2 session, which resumes any number of connections.
    pub fn resumptions(&self) -> Option<u32> {
        let held = self.stock.held();
        let counts = held.issued && held.session.is_none();
        counts.then(|| u32::try_from(held.tickets.len()).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("name", &self.name)
            .field("resumable", &self.resumable())
            .finish_non_exhaustive()
    }
}

/// What a [`Context`] has in stock for the next connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resumable {
    /// Nothing: the next handshake is a full one, and a server that demands reuse refuses the data
    /// connection.
    Nothing,
    /// A TLS 1.2 session. It resumes any number of connections.
    Session,
    /// So many TLS 1.3 tickets, at least one. Each resumes one connection (RFC 8446 appendix C.4).
    Tickets(usize),
}

/// The sessions of one context, behind the trait through which rustls stores and takes them.
///
/// The name that rustls passes is always the context's own, therefore it is not a key here.
#[derive(Default)]
struct Stock(Mutex<Held>);

#[derive(Default)]
struct Held {
    group: Option<NamedGroup>,
    session: Option<Tls12ClientSessionValue>,
    tickets: VecDeque<Tls13ClientSessionValue>,
    /// A ticket has come at some time.
    issued: bool,
}

impl Stock {
    fn held(&self) -> MutexGuard<'_, Held> {
        // No code that can panic runs under this lock; were it poisoned all the same, its contents
        // would be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sessions are key material: nothing of them is shown.
impl fmt::Debug for Stock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stock").finish_non_exhaustive()
    }
}

impl ClientSessionStore for Stock {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.held().group = Some(group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.held().group
    }

    fn set_tls12_session(&self, _: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.held().session = Some(session);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.held().session.clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.held().session = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        let mut held = self.held();
        if held.tickets.len() >= TICKETS_MAX {
            held.tickets.pop_front();
        }
        held.tickets.push_back(ticket);
        held.issued = true;
    }

    /// The newest first: it lives longest, and servers replace the keys that tickets are sealed
    /// with.
    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.held().tickets.pop_back()
    }
}
