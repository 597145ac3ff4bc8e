//! A download into a file.

use std::fs::File;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
use std::ops::ControlFlow;

use ftp_proto::Completed;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
use ftp_proto::Direction;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
use ftp_proto::driver::Pipe;
use ftp_proto::driver::Result;

use super::Download;
use crate::transport::Transport;

impl<T: Transport> Download<'_, T> {
    /// Writes everything into a file, from its position on.
    ///
    /// With the feature `splice`, on Linux, the kernel moves the bytes (splice) unless TLS or ASCII
    /// type forbids that. It takes two open files more. Otherwise this is
    /// [`copy_to`](Self::copy_to). It took half of the CPU time of a copy where the file's pages
    /// were in memory, on tmpfs and on ext4, and three quarters in a new file on ext4.
    ///
    /// ```no_run
    /// # let mut ftp = ftp_blocking::Client::connect("ftp.example.org")?;
    /// let file = std::fs::File::create("image.iso")?;
    /// let completed = ftp.retrieve("image.iso")?.copy_to_file(&file)?;
    /// assert_eq!(completed.bytes, file.metadata()?.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`copy_to`](Self::copy_to).
    pub fn copy_to_file(self, mut file: &File) -> Result<Completed> {
        #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
        if self.driver.is_spliceable(Direction::Receive) {
            if let Ok(pipe) = Pipe::new() {
                return self.splice_to(file, &pipe);
            }
        }
        self.copy_to(&mut file)
    }

    #[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
    fn splice_to(mut self, file: &File, pipe: &Pipe) -> Result<Completed> {
        while self.verdict.is_none() {
            match self.driver.fill_pipe(&mut self.operation, pipe) {
                ControlFlow::Continue(count) => {
                    if let Err(error) = pipe.empty(file, count) {
                        return Err(self.fail_locally(error));
                    }
                }
                ControlFlow::Break(verdict) => self.verdict = Some(verdict),
            }
        }
        self.take_verdict()
    }
}
