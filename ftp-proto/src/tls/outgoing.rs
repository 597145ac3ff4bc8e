//! What rustls has to send, on its way into a buffer.

use rustls::client::ClientConnectionData;
use rustls::unbuffered::{EncodeError, EncodeTlsData, EncryptError, WriteTraffic};

use super::buffer::Buffer;

/// More than encryption adds to a usual record.
const OVERHEAD: usize = 64;
/// The most plaintext in one record (RFC 8446 section 5.1).
pub(super) const RECORD: usize = 16 * 1024;

/// What to encrypt when rustls is ready for it.
#[derive(Clone, Copy)]
pub(super) enum Outgoing<'a> {
    Nothing,
    Payload(&'a [u8]),
    CloseNotify,
}

impl Outgoing<'_> {
    /// Appends the records of this.
    pub(super) fn encrypt(
        self,
        traffic: &mut WriteTraffic<'_, ClientConnectionData>,
        outbox: &mut Buffer,
    ) -> Result<(), rustls::Error> {
        let mut needed = match self {
            Self::Nothing => return Ok(()),
            Self::CloseNotify => OVERHEAD,
            Self::Payload(bytes) => {
                let records = bytes.len().div_ceil(RECORD);
                bytes.len().saturating_add(records.saturating_mul(OVERHEAD))
            }
        };
        loop {
            let room = outbox.room(needed);
            let encrypted = match self {
                Self::Payload(bytes) => traffic.encrypt(bytes, room),
                _ => traffic.queue_close_notify(room),
            };
            match encrypted {
                Ok(count) => {
                    outbox.fill(count);
                    return Ok(());
                }
                Err(EncryptError::InsufficientSize(size)) if size.required_size > needed => {
                    needed = size.required_size;
                }
                Err(_) => return Err(rustls::Error::EncryptError),
            }
        }
    }
}

/// Appends a message of the handshake, or an alert.
pub(super) fn encode(
    data: &mut EncodeTlsData<'_, ClientConnectionData>,
    outbox: &mut Buffer,
) -> Result<(), rustls::Error> {
    let mut needed = 0;
    loop {
        match data.encode(outbox.room(needed)) {
            Ok(count) => {
                outbox.fill(count);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(size)) if size.required_size > needed => {
                needed = size.required_size;
            }
            // Only a defect of rustls could ask for less than it was given, or encode twice.
            Err(_) => return Err(rustls::Error::General("a message was not encoded".into())),
        }
    }
}
