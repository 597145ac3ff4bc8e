//! Debug output of a session: ftplib's `set_debuglevel`.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use ftp_proto::trace::Record;

type Sink = Arc<Mutex<dyn FnMut(&Record) + Send>>;

/// The sink of records, if there is one. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Debug(Option<Sink>);

impl Debug {
    pub(crate) fn to_records(sink: impl FnMut(&Record) + Send + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(sink))))
    }

    /// One line for each command and reply, and at full detail each line as it came in.
    pub(crate) fn to_writer(mut writer: impl Write + Send + 'static) -> Self {
        Self::to_records(move |record| {
            // A failed writer must not fail the session.
            let _ = match record {
                Record::Command(command) => writeln!(writer, "-> {command}"),
                Record::Reply(reply) => writeln!(writer, "<- {reply}"),
                Record::Received(bytes) => show_lines(&mut writer, bytes),
                Record::Dropped(count) => writeln!(writer, "({count} records were dropped)"),
                _ => Ok(()),
            };
        })
    }

    pub(crate) const fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn show(&self, record: &Record) {
        if let Some(sink) = &self.0 {
            sink.lock().unwrap_or_else(PoisonError::into_inner)(record);
        }
    }
}

fn show_lines(writer: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .try_for_each(|line| writeln!(writer, "<< {}", line.escape_ascii()))
}

impl fmt::Debug for Debug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Debug(watched)"
        } else {
            "Debug(off)"
        })
    }
}
