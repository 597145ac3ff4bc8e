//! FTPS over any other transport, by rustls (feature `rustls`).

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use ftp_proto::End;
use ftp_proto::tls::rustls::ClientConfig;
use ftp_proto::tls::rustls::pki_types::ServerName;
use ftp_proto::tls::{self, Channel, Context, Ending, Purpose, TlsError};

use crate::transport::{Input, Listener, Stream, Transport};

/// What one read of the socket takes: a full record.
const CIPHERTEXT_BYTES: usize = 16 * 1024;

/// The transport for FTPS: explicit (`AUTH TLS`, RFC 4217) unless it is made [`implicit`](Self::implicit).
///
/// Every control connection has a store of TLS sessions of its own, out of which its data connections resume; nothing
/// of it is shared, and it ends with the connection. The certificate is checked against the name given to
/// [`Builder::host`](crate::Builder::host), on the control connection and on every data connection.
///
/// Give it to [`Builder::tls`](crate::Builder::tls), which sees to it that neither passwords nor payload go out in clear
/// whatever the server says, and start [`Secure`](ftp_proto::operation::Secure) before the login.
///
/// ```no_run
/// use std::{sync::Arc, time::Instant};
/// use ftp_mio::proto::operation::{Login, Secure};
/// use ftp_mio::proto::tls::rustls::ClientConfig;
/// use ftp_mio::{Client, Tcp, Tls};
///
/// # fn example(trust: Arc<ClientConfig>) {
/// let mut client = Client::builder()
///     .tls(Tls::over(Tcp::new(), trust))
///     .host("ftp.example.org")
///     .connect_to([([192, 0, 2, 1], 21).into()], Instant::now());
/// client.start(Secure::new());
/// client.start(Login::anonymous());
/// # }
/// ```
///
/// A self-signed certificate, or one without a name, is pinned by its fingerprint; each control and
/// data connection must then show it:
///
/// ```
/// use std::sync::Arc;
/// use ftp_mio::proto::tls::rustls::{ClientConfig, crypto::CryptoProvider};
/// use ftp_mio::proto::tls::{Fingerprint, Verifier};
/// use ftp_mio::{Tcp, Tls};
///
/// # fn example(provider: Arc<CryptoProvider>) -> Result<(), Box<dyn std::error::Error>> {
/// let pin: Fingerprint =
///     "06d19b62785e2a2740b9abad2a15871794fc4c8ae0936b5f26d0e27bd5995e34".parse()?;
/// let verifier = Verifier::pinned(&provider, [pin])?;
/// let config = ClientConfig::builder_with_provider(provider)
///     .with_safe_default_protocol_versions()?
///     .dangerous()
///     .with_custom_certificate_verifier(Arc::new(verifier))
///     .with_no_client_auth();
/// let tls = Tls::over(Tcp::new(), config);
/// # Ok(())
/// # }
/// ```
pub struct Tls<T> {
    inner: T,
    config: Arc<ClientConfig>,
    implicit: bool,
    context: Option<Context>,
}

impl<T> Tls<T> {
    /// Over connections as `inner` makes them, with any cryptography, roots, verifier, versions and client
    /// certificate. The configuration's store of sessions is replaced by one for each control connection.
    pub fn over(inner: T, config: impl Into<Arc<ClientConfig>>) -> Self {
        Self {
            inner,
            config: config.into(),
            implicit: false,
            context: None,
        }
    }

    /// With TLS from the first byte, usually on port 990.
    #[must_use]
    pub fn implicit(self) -> Self {
        Self {
            implicit: true,
            ..self
        }
    }

    fn channel(&self, purpose: Purpose) -> io::Result<Channel> {
        let context = self.context.as_ref().ok_or_else(without_session)?;
        context.channel(purpose).map_err(failed)
    }
}

impl<T: Transport> Transport for Tls<T> {
    type Source = T::Source;
    type Stream = TlsLink<T::Stream>;
    type Listener = TlsPort<T::Listener>;

    fn connect(&mut self, host: &str, to: SocketAddr) -> io::Result<Self::Stream> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| failed(TlsError::Host))?;
        self.context = Some(Context::new(&self.config, name));
        let mut link = TlsLink::clear(self.inner.connect(host, to)?);
        if self.implicit {
            link.secured = Some(self.channel(Purpose::Implicit)?);
        }
        Ok(link)
    }

    fn connect_data(&mut self, control: &Self::Stream, to: SocketAddr) -> io::Result<Self::Stream> {
        let stream = self.inner.connect_data(&control.stream, to)?;
        Ok(TlsLink::clear(stream))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        let (listener, bound) = self.inner.listen(local)?;
        Ok((TlsPort(listener), bound))
    }

    fn is_secured(&self) -> bool {
        self.implicit
    }

    fn secure_control(&mut self, stream: &mut Self::Stream) -> io::Result<()> {
        stream.secured = Some(self.channel(Purpose::Explicit)?);
        Ok(())
    }

    fn secure_data(&mut self, _: &Self::Stream, data: &mut Self::Stream) -> io::Result<()> {
        data.secured = Some(self.channel(Purpose::Data)?);
        Ok(())
    }

    fn wants_refill(&self) -> bool {
        self.context.as_ref().is_some_and(Context::wants_refill)
    }

    fn refilled(&mut self, accepted: bool) {
        if let Some(context) = &self.context {
            context.refilled(accepted);
        }
    }
}

/// Neither keys nor certificates.
impl<T: fmt::Debug> fmt::Debug for Tls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("inner", &self.inner)
            .field("implicit", &self.implicit)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// A listener of [`Tls`].
#[derive(Debug)]
pub struct TlsPort<L>(L);

impl<L: Listener<Stream: Stream>> Listener for TlsPort<L> {
    type Source = L::Source;
    type Stream = TlsLink<L::Stream>;

    fn source(&mut self) -> &mut L::Source {
        self.0.source()
    }

    fn accept(&mut self) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        let accepted = self.0.accept()?;
        Ok(accepted.map(|(stream, peer)| (TlsLink::clear(stream), peer)))
    }
}

/// A connection of [`Tls`]: control or data, with or without TLS at the moment.
#[derive(Debug)]
pub struct TlsLink<S> {
    stream: S,
    secured: Option<Channel>,
    /// What came in clear behind the end of TLS (CCC).
    remainder: Vec<u8>,
}

impl<S> TlsLink<S> {
    const fn clear(stream: S) -> Self {
        Self {
            stream,
            secured: None,
            remainder: Vec::new(),
        }
    }

    /// The TLS on it, if there is any: version, cipher suite, whether a session was resumed, the server's
    /// certificates.
    pub const fn channel(&self) -> Option<&Channel> {
        self.secured.as_ref()
    }

    /// The connection underneath.
    pub const fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: Stream> TlsLink<S> {
    /// The connection and the TLS on it.
    fn both(&mut self) -> io::Result<(&mut S, &mut Channel)> {
        let channel = self.secured.as_mut().ok_or_else(without_session)?;
        Ok((&mut self.stream, channel))
    }

    /// Whatever becomes of a data connection, the tickets that it has brought are good for the next one, and they come
    /// first.
    fn take_tickets(&mut self) {
        if let Ok((stream, channel)) = self.both() {
            let _ = receive(stream, channel);
        }
    }
}

impl<S: Stream> Stream for TlsLink<S> {
    type Source = S::Source;

    fn source(&mut self) -> &mut S::Source {
        self.stream.source()
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        self.stream.poll_connect()
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        if let Some(channel) = &mut self.secured {
            return read(&mut self.stream, channel, buffer);
        }
        if self.remainder.is_empty() {
            return self.stream.read(buffer);
        }
        let count = self.remainder.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.remainder.drain(..count)) {
            *to = from;
        }
        Ok(Some(Input::Bytes(count)))
    }

    /// What is taken may still wait to be encrypted bytes on the socket; [`flush`](Self::flush) goes on with that.
    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let Some(channel) = &mut self.secured else {
            return self.stream.write(bytes);
        };
        let mut taken = channel.write(bytes).map_err(failed)?;
        send(&mut self.stream, channel)?;
        if taken == 0 {
            taken = channel.write(bytes).map_err(failed)?;
            send(&mut self.stream, channel)?;
        }
        Ok((taken > 0).then_some(taken))
    }

    fn flush(&mut self) -> io::Result<bool> {
        match &mut self.secured {
            Some(channel) => send(&mut self.stream, channel),
            None => self.stream.flush(),
        }
    }

    fn handshake(&mut self) -> io::Result<bool> {
        let (stream, channel) = self.both()?;
        loop {
            // The last flight is ours, and it has to leave even if nothing else ever follows.
            let sent = send(stream, channel);
            match channel.poll_handshake() {
                // The alert tells the server why; whether it has heard that changes nothing here.
                Poll::Ready(Err(error)) => return Err(failed(error)),
                Poll::Ready(Ok(())) => return sent,
                Poll::Pending => {}
            }
            if !sent? || !receive(stream, channel)? {
                return Ok(false);
            }
        }
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        let (stream, channel) = self.both()?;
        channel.close();
        if !send(stream, channel)? {
            return Ok(false);
        }
        match read(stream, channel, &mut [0])? {
            None => Ok(false),
            Some(Input::End(End::Clean)) => {
                self.remainder = channel.take_remainder();
                self.secured = None;
                Ok(true)
            }
            Some(_) => {
                let wrong = "the server did not end TLS where it had agreed to";
                Err(io::Error::new(io::ErrorKind::InvalidData, wrong))
            }
        }
    }

    fn finish(&mut self) -> io::Result<bool> {
        if let Some(channel) = &mut self.secured {
            channel.close();
            if !send(&mut self.stream, channel)? {
                return Ok(false);
            }
        }
        self.stream.finish()
    }

    fn await_end(&mut self) -> bool {
        let Some(channel) = &mut self.secured else {
            return self.stream.await_end();
        };
        loop {
            match read(&mut self.stream, channel, &mut [0; 1024]) {
                Ok(None) => return false,
                Ok(Some(Input::Bytes(_))) => {}
                Ok(Some(Input::End(_))) | Err(_) => return true,
            }
        }
    }

    fn wants_write(&self) -> bool {
        let unsent = |channel: &Channel| !channel.transmit().is_empty();
        self.secured.as_ref().is_some_and(unsent) || self.stream.wants_write()
    }

    fn close(mut self) {
        self.take_tickets();
        self.stream.close();
    }

    fn reset(mut self) {
        self.take_tickets();
        self.stream.reset();
    }
}

/// Reads plaintext; reads the socket only when there is none, and then until there is some or it would block.
fn read(
    stream: &mut impl Stream,
    channel: &mut Channel,
    buffer: &mut [u8],
) -> io::Result<Option<Input>> {
    loop {
        match channel.read(buffer).map_err(failed)? {
            tls::Input::Bytes(count) => return Ok(Some(Input::Bytes(count))),
            tls::Input::Ended(Ending::Clean) => return Ok(Some(Input::End(End::Clean))),
            tls::Input::Ended(Ending::Truncated) => return Ok(Some(Input::End(End::Truncated))),
            tls::Input::Pending => {}
        }
        if !receive(stream, channel)? {
            return Ok(None);
        }
        // What came may ask for an answer.
        send(stream, channel)?;
    }
}

/// Reads the socket once; whether anything came, its end included.
fn receive(stream: &mut impl Stream, channel: &mut Channel) -> io::Result<bool> {
    let mut ciphertext = [0; CIPHERTEXT_BYTES];
    match stream.read(&mut ciphertext)? {
        None => return Ok(false),
        Some(Input::Bytes(count)) => {
            channel.receive(ciphertext.get(..count).unwrap_or_default());
        }
        Some(Input::End(_)) => channel.receive_eof(),
    }
    Ok(true)
}

/// Writes what waits; whether all of it went.
fn send(stream: &mut impl Stream, channel: &mut Channel) -> io::Result<bool> {
    while !channel.transmit().is_empty() {
        match stream.write(channel.transmit())? {
            Some(count) => channel.transmitted(count),
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// A connection that ends in the handshake says nothing about TLS: the server's reply tells why.
fn failed(error: TlsError) -> io::Error {
    let kind = match error {
        TlsError::ClosedEarly => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

fn without_session() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "TLS has not been begun here")
}
