//! Directories and files: commands without a data connection.

use std::ops::Range;

use ftp_proto::Argument;
use ftp_proto::checksum::{Algorithm, Checksum};
use ftp_proto::driver::Result;
use ftp_proto::operation::{
    AskChecksum, Batch, ChangeDirectory, Exchange, MakeDirectory, Rename, SetModified, SizeInBytes,
};
use ftp_proto::pathname::Pathname;
use ftp_proto::timestamp::Timestamp;

use crate::client::{Client, arguments};
use crate::transport::Transport;

/// Directories and files.
impl<T: Transport> Client<T> {
    /// The working directory.
    ///
    /// The session first negotiates the encoding of names, once: see
    /// [`Encoding`](ftp_proto::Encoding).
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().directory("/pub"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// ftp.cwd("pub")?;
    /// assert_eq!(ftp.pwd()?.as_bytes(), b"/pub"); // a name is bytes
    /// ftp.cdup()?;
    /// assert_eq!(ftp.pwd()?.to_str(), Some("/"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused, or the reply holds no path.
    pub fn pwd(&mut self) -> Result<Pathname> {
        self.run(Exchange::working_directory())
    }

    /// Changes the working directory. `..` is sent as CDUP, or as `CWD ..` if the server does not
    /// know CDUP (500). An empty path is sent as `.`.
    ///
    /// # Errors
    /// Refused.
    pub fn cwd(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(ChangeDirectory::new(path)?)
    }

    /// Changes to the parent directory.
    ///
    /// # Errors
    /// Refused.
    pub fn cdup(&mut self) -> Result<()> {
        self.cwd("..")
    }

    /// Makes a directory; yields its path if the server certainly tells it (257); see
    /// [`MakeDirectory`].
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let made = ftp.mkdir("new")?;
    /// assert_eq!(made.as_ref().and_then(|path| path.to_str()), Some("/new"));
    /// ftp.rmdir("new")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "mkd")]
    pub fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Pathname>> {
        self.run(MakeDirectory::new(Argument::new(path)?))
    }

    /// Removes a directory.
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "rmd")]
    pub fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(Exchange::remove_directory(Argument::new(path)?))
    }

    /// Deletes a file.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// ftp.rm("a")?;
    /// assert!(ftp.rm("a").unwrap_err().is_permanent());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused.
    #[doc(alias = "delete")]
    pub fn rm(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(Exchange::delete(Argument::new(path)?))
    }

    /// Renames a file or directory.
    ///
    /// ```
    /// use ftp_blocking::proto::Verb;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// ftp.rename("a", "b")?;
    /// assert_eq!(ftp.rename("a", "c").unwrap_err().verb(), Some(Verb::Rnfr));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused at either step; the error's verb says which.
    pub fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
        self.run(Rename::new(Argument::new(from)?, Argument::new(to)?))
    }

    /// The size of a file in bytes, in the type in force. Some servers refuse SIZE in ASCII type,
    /// which is the type of a new session; [`size_in_bytes`](Self::size_in_bytes) sets the image
    /// type first.
    ///
    /// # Errors
    /// Refused, or the reply holds no number.
    pub fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64> {
        self.run(Exchange::size(Argument::new(path)?))
    }

    /// The size of a file in bytes as a download in image type counts them.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", "12345"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// assert_eq!(ftp.size_in_bytes("a")?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`size`](Self::size), and TYPE was refused.
    pub fn size_in_bytes(&mut self, path: impl AsRef<[u8]>) -> Result<u64> {
        self.run(SizeInBytes::new(Argument::new(path)?))
    }

    /// The sizes of many files, as [`size_in_bytes`](Self::size_in_bytes) tells them: an outcome
    /// for each path, in their order. [`Batch`] says how many commands are unanswered at once, and
    /// on which servers that fails.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", "12345"))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let sizes = ftp.size_in_bytes_each(["a", "missing"])?;
    /// assert!(matches!(sizes[0], Ok(5)));
    /// assert!(sizes[1].is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A path cannot be sent; no command is sent then. Or TYPE was refused, or the session ended.
    pub fn size_in_bytes_each<P: AsRef<[u8]>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Result<u64>>> {
        self.run_batch(Batch::sizes(arguments(paths)?))
    }

    /// The checksum of a file, as the server computes it: HASH, or else XSHA256, XSHA1, XMD5, XCRC
    /// or MD5. The server reads the whole file for it, so that large files take a while.
    ///
    /// ```no_run
    /// use ftp_blocking::proto::checksum::Algorithm;
    /// # let mut ftp = ftp_blocking::Client::connect("ftp.example.org")?;
    /// println!("{}", ftp.checksum("image.iso", Algorithm::Sha256)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server offers none ([`Policy::NoChecksum`](ftp_proto::Policy::NoChecksum)), refused, or
    /// told something else ([`Violation::Checksum`](ftp_proto::Violation::Checksum)).
    #[doc(alias = "hash")]
    #[doc(alias = "md5")]
    #[doc(alias = "sha256")]
    pub fn checksum(&mut self, path: impl AsRef<[u8]>, algorithm: Algorithm) -> Result<Checksum> {
        self.run(AskChecksum::new(Argument::new(path)?, algorithm))
    }

    /// The checksum of a part of a file. The end is the first byte that does not count;
    /// [`AskChecksum::range`] says how far servers can be trusted in that.
    ///
    /// # Errors
    /// As [`checksum`](Self::checksum), and for an empty range.
    pub fn checksum_of_range(
        &mut self,
        path: impl AsRef<[u8]>,
        algorithm: Algorithm,
        bytes: Range<u64>,
    ) -> Result<Checksum> {
        self.run(AskChecksum::new(Argument::new(path)?, algorithm).range(bytes))
    }

    /// The time of a file's last modification, in UTC.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # server.change_files(|files| files.insert("/a", "", 86_400));
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let modified = ftp.modified("a")?;
    /// assert_eq!(modified.unix_time(), Some((86_400, 0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused, or the reply holds no time.
    #[doc(alias = "mdtm")]
    pub fn modified(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp> {
        self.run(Exchange::modified(Argument::new(path)?))
    }

    /// The times of modification of many files: an outcome for each path, in their order; see
    /// [`Batch`].
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # server.change_files(|files| files.insert("/a", "", 86_400));
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let times = ftp.modified_each(["a", "missing"])?;
    /// assert!(matches!(&times[0], Ok(time) if time.unix_time() == Some((86_400, 0))));
    /// assert!(times[1].is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A path cannot be sent; no command is sent then. Or the session ended.
    pub fn modified_each<P: AsRef<[u8]>>(
        &mut self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Result<Timestamp>>> {
        self.run_batch(Batch::modified(arguments(paths)?))
    }

    /// Sets the time of a file's modification, in whole seconds of UTC, with the first command that
    /// the server knows; see [`SetModified`].
    ///
    /// ```
    /// use ftp_blocking::proto::timestamp::Timestamp;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new().file("/a", ""))?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let time = Timestamp::from_unix_time(86_400)?;
    /// ftp.set_modified("a", time)?;
    /// assert_eq!(ftp.modified("a")?.unix_time(), Some((86_400, 0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused, or the time is not known in UTC.
    #[doc(alias = "mfmt")]
    pub fn set_modified(&mut self, path: impl AsRef<[u8]>, time: Timestamp) -> Result<()> {
        self.run(SetModified::new(Argument::new(path)?, time))
    }
}
