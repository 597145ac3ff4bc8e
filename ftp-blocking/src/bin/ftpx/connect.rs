//! From options and a URL to sessions.

use std::time::Duration;

use ftp_blocking::proto::driver::{TlsMode, Waiting};
use ftp_blocking::proto::proxy::Proxy;
use ftp_blocking::proto::retry::Retry;
use ftp_blocking::proto::tls::Fingerprint;
use ftp_blocking::proto::{DataMode, Timeouts};
use ftp_blocking::{
    Client, Connector, Endpoint, Error, FtpUrl, MaybeTls, Proxied, Retrying, TlsBuilder, Transport,
};

use crate::arguments::{Options, Tls};
use crate::credentials;
use crate::exit::{Failure, Result, local};
use crate::progress;
use crate::trace::Tracer;

/// A transport below TLS: TCP, or TCP through a proxy.
pub(crate) trait Link: Transport + Clone + Send + Sync + 'static {}

impl<T: Transport + Clone + Send + Sync + 'static> Link for T {}

/// What all commands get.
#[derive(Debug)]
pub(crate) struct Origin<'a, T> {
    pub(crate) options: &'a Options,
    pub(crate) inner: T,
}

/// Makes sessions with one server.
#[derive(Debug)]
pub(crate) struct Sessions<T: Link> {
    connector: Connector<MaybeTls<T>>,
    tries: u32,
    is_quiet: bool,
    pub(crate) tracer: Option<Tracer>,
}

impl<T: Link> Origin<'_, T> {
    pub(crate) fn sessions(&self, url: &FtpUrl) -> Result<Sessions<T>> {
        let options = self.options;
        let url = match options.tls {
            None => url.clone(),
            Some(Tls::Explicit) => url.clone().with_tls_mode(TlsMode::Explicit),
            Some(Tls::Implicit) => url.clone().with_tls_mode(TlsMode::Implicit),
        };
        let login = credentials::login(options, &url)?;
        let mut builder = Client::builder().transport(self.transport(url.tls_mode())?);
        if let Some(seconds) = options.timeout {
            builder = builder.timeouts(Timeouts::all(Duration::from_secs(seconds)));
        }
        if options.active {
            builder = builder.data_mode(DataMode::AnyActive);
        }
        let tracer = match &options.trace {
            None => None,
            Some(path) => Some(Tracer::create(path, !options.trace_arguments)?),
        };
        if let Some(tracer) = &tracer {
            builder = builder.trace(tracer.sink());
        }
        Ok(Sessions {
            connector: builder.connector(&url.endpoint().to_string(), login)?,
            tries: options.tries.max(1),
            is_quiet: options.quiet,
            tracer,
        })
    }

    fn transport(&self, mode: TlsMode) -> Result<MaybeTls<T>> {
        let inner = self.inner.clone();
        if mode == TlsMode::None {
            return Ok(MaybeTls::Clear(inner));
        }
        let mut builder = TlsBuilder::default();
        for pin in &self.options.pin {
            let pin: Fingerprint = pin
                .parse()
                .map_err(|error| Failure::Usage(format!("--pin: {error}")))?;
            builder = builder.pin_sha256(pin);
        }
        if let Some(path) = &self.options.roots {
            let pem = std::fs::read(path).map_err(local(path.display()))?;
            builder = builder.trust_pem(pem).map_err(Error::from)?;
        }
        let tls = builder.build_over(inner).map_err(Error::from)?;
        Ok(MaybeTls::Tls(match mode {
            TlsMode::Implicit => tls.implicit(),
            _ => tls,
        }))
    }
}

impl<T: Link> Sessions<T> {
    /// A session, tried again as the policy has it.
    pub(crate) fn connect(&self) -> ftp_blocking::Result<Client<MaybeTls<T>>> {
        self.retrying().into_client()
    }

    /// A session, for those who try again by themselves.
    pub(crate) fn connect_once(&self) -> ftp_blocking::Result<Client<MaybeTls<T>>> {
        self.connector.connect()
    }

    pub(crate) fn policy(&self) -> Retry {
        let mut policy = Retry::default();
        policy.tries_max = self.tries;
        policy
    }

    pub(crate) fn retrying(&self) -> Retrying<MaybeTls<T>> {
        let retrying = self.connector.retrying(self.policy());
        match self.is_quiet {
            true => retrying,
            false => retrying.on_wait(|waiting| progress::note(&why(waiting))),
        }
    }
}

/// Why nothing happens.
pub(crate) fn why(waiting: &Waiting<'_>) -> String {
    let (error, next) = (waiting.error, waiting.next_try);
    let seconds = waiting.pause.as_secs_f32();
    format!("ftpx: {error}; try {next} follows in {seconds:.1} s")
}

/// `socks5://USER:PASSWORD@HOST:PORT` or `http://...`. No message shows the text, which may hold a
/// password.
pub(crate) fn proxied(text: &str) -> Result<Proxied> {
    let wrong =
        || Failure::Usage("a proxy is socks5://HOST[:PORT] or http://HOST[:PORT]".to_owned());
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let (proxy, port) = match scheme {
        "socks5" => (Proxy::socks5(), 1080),
        "http" => (Proxy::http_connect(), 8080),
        _ => return Err(wrong()),
    };
    let (login, host) = match rest.trim_end_matches('/').rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, rest.trim_end_matches('/')),
    };
    let proxy = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        None => proxy,
        Some((user, password)) => proxy
            .credentials(user, password)
            .map_err(|error| Failure::Usage(format!("--proxy: {error}")))?,
    };
    Ok(Proxied::new(
        proxy,
        Endpoint::parse(host, port).map_err(|_| wrong())?,
    ))
}
