//! The memory of operations about a server.

use alloc::boxed::Box;

use crate::checksum::Algorithm;
use crate::pathname::{self, Pathname};
use crate::reply::Reply;

use super::protection::DataProtection;
use super::rung::Rung;
use super::touch::Touch;

/// Facts about a server that operations have found, for later operations.
///
/// The [`Session`](crate::Session) carries it and does not act by it. It is forgotten when the
/// server accepts AUTH or REIN. An application may change it: a [`List`](super::List) begins at the
/// rung that it finds here.
///
/// ```
/// use ftp_proto::operation::Rung;
/// use ftp_proto::{Config, Control, Session};
///
/// let mut session = Session::new(Config::default(), Control::default());
/// // This server offers MLSD and never answers it.
/// session.memory_mut().listing = Some(Rung::ListAll);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Memory {
    /// The command that has listed a directory. `None` begins with MLSD or `LIST -a`.
    pub listing: Option<Rung>,
    /// The protection that [`Secure`](super::Secure) could not agree on before the login:
    /// [`Login`](super::Login) asks again.
    pub protection_due: Option<DataProtection>,
    /// Whether the server does not know MLST.
    pub mlst_unknown: bool,
    /// The algorithm that OPTS HASH has selected.
    pub hash: Option<Algorithm>,
    /// The command that has set a time of modification.
    pub touch: Option<Touch>,
    /// What the server writes behind the pathname in its answers to PWD. It shows where a pathname
    /// ends whose quotes are not doubled.
    pub remark: Option<Box<[u8]>>,
}

impl Memory {
    /// Learns from an answer to PWD.
    pub(crate) fn located(&mut self, reply: &Reply) {
        if let Some(remark) = pathname::remark(reply) {
            if self.remark.as_deref() != Some(remark) {
                self.remark = Some(remark.into());
            }
        }
    }

    /// The pathname in an answer to PWD, if that shows a server that does not double quotes.
    pub(crate) fn undoubled(&self, reply: &Reply) -> Option<Pathname> {
        pathname::decode_undoubled(reply, self.remark.as_deref()?)
    }
}
