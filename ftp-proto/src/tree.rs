//! Trees of directories: walks, removals and mirrors, as plans without I/O.
//!
//! A plan is a state machine that says what to do next, and takes the outcome. It opens no session
//! and touches no disk, so every runtime can perform it: on one session or on many, on threads or
//! on one loop. [`ReadDirectory`](crate::operation::ReadDirectory) reads a directory of the server
//! for all of them.
//!
//! * [`Walk`] visits every directory below a place, depth-first.
//! * [`Removal`] removes a directory with everything in it.
//! * [`Mirror`] makes a tree like another one: it compares two [`Listing`]s of each directory
//!   ([`compare()`]) and yields [`Step`]s.
//!
//! ```
//! use ftp_proto::tree::{Listing, Mirror, MirrorOptions, Object, StepKind, Task};
//!
//! let mut mirror = Mirror::new(MirrorOptions::down());
//! let mut fetched = Vec::new();
//! while let Some(task) = mirror.next_task() {
//!     match task {
//!         Task::Read(place) => {
//!             // The server has one file; the local directory is empty.
//!             let source = Listing::complete([Object::file("a.txt").with_size(5)]);
//!             let target = Listing::complete([]);
//!             mirror.read(&place, Ok(source), Ok(target));
//!         }
//!         Task::AskTime(question) => mirror.told(&question, None),
//!         Task::Perform(step) => {
//!             if step.kind() == StepKind::Fetch {
//!                 fetched.push(step.path().to_string());
//!             }
//!             mirror.performed(&step, true);
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(fetched, ["a.txt"]);
//! ```
//!
//! # What is safe
//!
//! * Links are not followed unless [asked](MirrorOptions::follow_links). Where a listing cannot
//!   tell links from directories, as MLSD on many servers, a walk knows a directory by its `unique`
//!   fact, else by PWD after CWD, else by the depth limit alone.
//! * Nothing is removed on the word of a listing that is not [complete](Listing::is_complete).
//! * `.` and `..` and names with a slash never become a [`TreePath`].
//! * A mirror downwards only makes files whose names are [safe](crate::listing::SafeName), and at
//!   most one of several names that the target may take for the same.

mod compare;
mod limits;
mod mirror;
mod object;
mod options;
mod part;
mod path;
mod plan;
mod removal;
mod step;
#[cfg(test)]
mod tests;
mod unread;
mod walk;

pub use compare::{Comparison, compare};
pub use limits::TreeLimits;
pub use mirror::{Mirror, Task};
pub use object::{Doubt, Listing, Object};
pub use options::{MirrorOptions, Way};
pub use part::PartName;
pub use path::TreePath;
pub use plan::Question;
pub use removal::{Removal, RemovalTask, Spared};
pub use step::{Step, StepKind, Why};
pub use unread::Unread;
pub(crate) use walk::Check;
pub use walk::{Place, Walk};
