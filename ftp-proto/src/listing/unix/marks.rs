//! The marks of `ls -p` and `ls -F`: a slash behind the names of directories, others behind other
//! names.

use super::super::context::{Context, Marks};
use super::super::entry::{Entry, Kind};

/// Takes the mark off a name, where the lines so far show that the server marks.
///
/// A slash cannot be part of a name, so a directory with one shows it. `ls -p` marks nothing but
/// directories, and an executable file without a mark shows that.
pub(super) fn strip(entry: &mut Entry<'_>, context: &mut Context) {
    let Some((&mark, name)) = entry.name().as_bytes().split_last() else {
        return;
    };
    let is_executable = entry.is_file() && entry.mode().is_some_and(|bits| bits & 0o111 != 0);
    if name.is_empty() {
        return;
    }
    let is_mark = match mark {
        b'/' if entry.kind() == Kind::Directory => {
            if context.marks == Marks::None {
                context.marks = Marks::Some;
            }
            true
        }
        b'*' => is_executable && context.marks == Marks::Some,
        b'@' => entry.is_symlink() && context.marks == Marks::Some,
        b'|' | b'=' | b'>' => entry.kind() == Kind::Other && context.marks == Marks::Some,
        _ => false,
    };
    if is_mark {
        entry.shorten_name();
    } else if is_executable && context.marks == Marks::Some {
        context.marks = Marks::Slashes;
    }
}

/// Whether a name ends in what can be a mark.
pub(super) const fn may_end(name: &[u8]) -> bool {
    matches!(name, [.., b'/' | b'*' | b'@' | b'|' | b'=' | b'>'])
}
