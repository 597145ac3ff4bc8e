//! Whole trees of the server on one session.

use ftp_proto::Argument;
use ftp_proto::driver::{Result, listing_options};
use ftp_proto::listing::Entry;
use ftp_proto::operation::{MakeDirectories, RemoveTree, WalkTree, Walked};
use ftp_proto::tree::{Spared, TreeLimits, TreePath, Walk};

use crate::client::Client;
use crate::transport::Transport;

/// Trees.
impl<T: Transport> Client<T> {
    /// Passes every entry of a directory and of all below it to a callback, as it arrives,
    /// depth-first. Links are not followed. The path of an entry is relative to `path`, and an
    /// empty `path` is the working directory.
    ///
    /// [`Walked`] says what was not seen: directories that could not be read, and what the default
    /// [`TreeLimits`] leave out.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/pub/a/b.txt", "hello").file("/pub/c.txt", "");
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let mut paths = Vec::new();
    /// let walked = ftp.walk("pub", |path, _entry| paths.push(path.to_string()))?;
    /// assert_eq!(paths, ["a", "c.txt", "a/b.txt"]);
    /// assert!(walked.unread.is_empty() && !walked.is_limited);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The directory itself cannot be read, or the session ended.
    #[doc(alias = "read_dir")]
    #[doc(alias = "walkdir")]
    pub fn walk(
        &mut self,
        path: impl AsRef<[u8]>,
        each: impl FnMut(&TreePath, &Entry<'_>),
    ) -> Result<Walked> {
        self.walk_with(path, Walk::new(TreeLimits::default()), each)
    }

    /// As [`walk`](Self::walk), with limits of your own, and following links if `walk` does.
    ///
    /// # Errors
    /// As [`walk`](Self::walk).
    pub fn walk_with(
        &mut self,
        path: impl AsRef<[u8]>,
        walk: Walk,
        each: impl FnMut(&TreePath, &Entry<'_>),
    ) -> Result<Walked> {
        self.receive(WalkTree::new(path, walk, listing_options(), each))
    }

    /// Makes a directory, and those above it that are missing. One that exists is a success.
    /// [`MakeDirectories`] describes the commands.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// ftp.create_dir_all("a/b/c")?;
    /// ftp.create_dir_all("a/b/c")?;
    /// assert!(server.files().get("/a/b/c").is_some_and(|entry| entry.is_directory()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server refused, and the directory does not exist.
    #[doc(alias = "mkdir")]
    #[doc(alias = "mkd")]
    pub fn create_dir_all(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(MakeDirectories::new(Argument::new(path)?))
    }

    /// Removes a directory with everything in it; yields what is left, and why. It is empty if
    /// everything was removed.
    ///
    /// No link is followed, and nothing is removed on the word of a listing that may be incomplete:
    /// [`Removal`](ftp_proto::tree::Removal) has the rules.
    ///
    /// ```
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let files = Files::new().file("/pub/a/b.txt", "hello").file("/pub/c.txt", "");
    /// # let server = Loopback::start(ServerConfig::new(), files)?;
    /// # let mut ftp = ftp_blocking::Client::builder().connect_to(&[server.address()])?;
    /// # ftp.login_anonymous()?;
    /// let left = ftp.remove_dir_all("pub")?;
    /// assert!(left.is_empty() && server.files().get("/pub").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The directory itself cannot be read, or `path` does not end with a name, or the session
    /// ended.
    #[doc(alias = "rmdir")]
    #[doc(alias = "rmd")]
    pub fn remove_dir_all(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<(TreePath, Spared)>> {
        let remove = RemoveTree::new(path, TreeLimits::default(), listing_options())?;
        self.receive(remove)
    }
}
