//! How a mirror decides.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::limits::TreeLimits;
use super::path::TreePath;
use crate::listing::{Kind, SafeFor};

/// Which side a mirror writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the server to the local disk.
    Down,
    /// From the local disk to the server.
    Up,
}

type Fold = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;
type Choose = Box<dyn Fn(&TreePath, Kind) -> bool + Send + Sync>;

/// How a mirror decides. By default it follows no link, removes nothing, and compares sizes and
/// times.
///
/// ```
/// use ftp_proto::listing::SafeFor;
/// use ftp_proto::tree::MirrorOptions;
///
/// let options = MirrorOptions::down()
///     .delete()
///     .names_safe_for(SafeFor::EverySystem)
///     .fold_ascii_case()
///     .choose(|path, _| !path.name().ends_with(b".bak"));
/// # let _ = options;
/// ```
#[must_use]
pub struct MirrorOptions {
    pub(super) way: Way,
    pub(super) limits: TreeLimits,
    pub(super) follow_links: bool,
    pub(super) delete: bool,
    pub(super) delete_all: bool,
    pub(super) sizes_only: bool,
    pub(super) names: SafeFor,
    fold: Option<Fold>,
    choose: Option<Choose>,
}

impl MirrorOptions {
    /// From the server to the local disk. Names that differ by ASCII case alone count as the same
    /// on Windows and macOS.
    pub fn down() -> Self {
        let options = Self::new(Way::Down);
        match cfg!(any(windows, target_vendor = "apple")) {
            true => options.fold_ascii_case(),
            false => options,
        }
    }

    /// From the local disk to the server.
    pub fn up() -> Self {
        Self::new(Way::Up)
    }

    fn new(way: Way) -> Self {
        Self {
            way,
            limits: TreeLimits::default(),
            follow_links: false,
            delete: false,
            delete_all: false,
            sizes_only: false,
            names: SafeFor::ThisSystem,
            fold: None,
            choose: None,
        }
    }

    /// Looks at no more of the source than this.
    pub const fn limits(mut self, limits: TreeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Follows links of the source. A link to a directory that the mirror is in already is not
    /// entered again.
    pub const fn follow_links(mut self) -> Self {
        self.follow_links = true;
        self
    }

    /// Removes from the target what the source lacks. In a directory whose listing may lack
    /// something, on either side, nothing is removed; nor where the source lists nothing at all,
    /// which [`delete_all`](Self::delete_all) changes.
    pub const fn delete(mut self) -> Self {
        self.delete = true;
        self
    }

    /// As [`delete`](Self::delete), even where a directory of the source is empty.
    pub const fn delete_all(mut self) -> Self {
        self.delete = true;
        self.delete_all = true;
        self
    }

    /// Copies files of equal size no more, and only sets the time of the target if it differs.
    pub const fn sizes_only(mut self) -> Self {
        self.sizes_only = true;
        self
    }

    /// Makes only local files whose names are harmless on these systems. The default is
    /// [`SafeFor::ThisSystem`].
    pub const fn names_safe_for(mut self, systems: SafeFor) -> Self {
        self.names = systems;
        self
    }

    /// Takes names that differ by ASCII case alone for the same name: for a target that does.
    pub fn fold_ascii_case(self) -> Self {
        self.fold(<[u8]>::to_ascii_lowercase)
    }

    /// Takes names with equal keys for the same name: for a target that does. The function yields
    /// the key of a name. Of several such names in a directory of the source only one is copied.
    pub fn fold(mut self, key: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.fold = Some(Box::new(key));
        self
    }

    /// Copies and removes only what the function chooses, and enters only directories that it
    /// chooses.
    pub fn choose(
        mut self,
        choose: impl Fn(&TreePath, Kind) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.choose = Some(Box::new(choose));
        self
    }

    /// Which side the mirror writes to.
    #[must_use]
    pub const fn way(&self) -> Way {
        self.way
    }

    /// Whether links of the source are followed.
    #[must_use]
    pub const fn follows_links(&self) -> bool {
        self.follow_links
    }

    pub(super) fn key(&self, name: &[u8]) -> Vec<u8> {
        self.fold
            .as_ref()
            .map_or_else(|| name.to_vec(), |fold| fold(name))
    }

    pub(super) fn chooses(&self, path: &TreePath, kind: Kind) -> bool {
        self.choose.as_ref().is_none_or(|choose| choose(path, kind))
    }
}

impl fmt::Debug for MirrorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MirrorOptions")
            .field("way", &self.way)
            .field("limits", &self.limits)
            .field("follow_links", &self.follow_links)
            .field("delete", &self.delete)
            .field("delete_all", &self.delete_all)
            .field("sizes_only", &self.sizes_only)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
