//! Transfers whose files are compared on both sides.

use std::io::{Read, Write};

use ftp_proto::Argument;
use ftp_proto::checksum::{Algorithm, Verified};
use ftp_proto::driver::{Error, Hashing, Result};
use ftp_proto::operation::Verify;

use crate::client::Client;
use crate::transport::Transport;

/// Transfers that are verified by checksums.
///
/// Other transfers succeed when the server confirms them. The success of an upload is the server's
/// word alone: SIZE is not asked for, and a server that lost bytes and says 226 is believed.
impl<T: Transport> Client<T> {
    /// Writes a file into `sink`, and compares its checksum with the server's, which is asked for
    /// first, so that nothing moves if the server offers none.
    ///
    /// ```no_run
    /// use ftp_blocking::proto::checksum::Algorithm;
    /// # let mut ftp = ftp_blocking::Client::connect("ftp.example.org")?;
    /// let mut file = std::fs::File::create("image.iso")?;
    /// ftp.retrieve_verified("image.iso", &mut file, Algorithm::Sha256)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`checksum`](Self::checksum) and [`retrieve_to`](Self::retrieve_to), and
    /// [`Error::Mismatch`]: `sink` then has bytes that are not the file, and the session is usable.
    pub fn retrieve_verified(
        &mut self,
        path: impl AsRef<[u8]>,
        sink: &mut (impl Write + ?Sized),
        algorithm: Algorithm,
    ) -> Result<Verified> {
        let told = self.checksum(path.as_ref(), algorithm)?;
        let mut sink = Hashing::new(sink, algorithm);
        self.retrieve_to(path, &mut sink)?;
        let compared = sink.finish().compare(told);
        compared.map_err(|mismatch| Error::Mismatch(mismatch, self.driver_mut().after()))
    }

    /// Stores a file from `source`, and compares it with what the server then has: by its checksum
    /// if the server offers one, else by its size, which the result tells.
    ///
    /// ```
    /// use ftp_blocking::proto::checksum::{Algorithm, Verified};
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let verified = ftp.store_verified("digits", &mut &b"0123456789"[..], Algorithm::Sha256)?;
    /// assert_eq!(verified, Verified::Size(10)); // this server knows no checksums
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`store_from`](Self::store_from); the server tells neither checksum nor size; or
    /// [`Error::Mismatch`]. The file stays on the server, and the session is usable.
    pub fn store_verified(
        &mut self,
        path: impl AsRef<[u8]>,
        source: &mut (impl Read + ?Sized),
        algorithm: Algorithm,
    ) -> Result<Verified> {
        let argument = Argument::new(path.as_ref())?;
        let mut source = Hashing::new(source, algorithm);
        self.store_from(path, &mut source)?;
        let bytes = source.total();
        let compared = self.run(Verify::new(argument, source.finish(), bytes))?;
        compared.map_err(|mismatch| Error::Mismatch(mismatch, self.driver_mut().after()))
    }
}
