//! A server with directories, files and links, which commands change.

use std::collections::BTreeMap;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File,
    Directory,
    /// To this directory.
    Link(&'static str),
}

/// How directories are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// By LIST, which tells links.
    Long,
    /// By MLSD, which shows a link to a directory as a directory.
    Facts,
    /// With the fact `unique` too.
    Unique,
}

/// A server. Paths are absolute.
pub(super) struct Remote {
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) style: Style,
    pub(super) here: String,
    /// Lines of every listing.
    pub(super) also: &'static str,
    /// Whether PWD tells backslashes, and one at the end.
    pub(super) has_backslashes: bool,
}

impl Remote {
    /// A path that ends with a slash is a directory; the directories above are there too.
    pub(super) fn new(style: Style, paths: &[&str], links: &[(&str, &'static str)]) -> Self {
        let mut nodes = BTreeMap::from([("/".to_owned(), Node::Directory)]);
        for path in paths.iter().chain(links.iter().map(|(path, _)| path)) {
            for (at, _) in path.match_indices('/').skip(1) {
                nodes.insert(path[..at].to_owned(), Node::Directory);
            }
            if !path.ends_with('/') {
                nodes.insert((*path).to_owned(), Node::File);
            }
        }
        for (path, target) in links {
            nodes.insert((*path).to_owned(), Node::Link(target));
        }
        Self {
            nodes,
            style,
            here: "/home".to_owned(),
            also: "",
            has_backslashes: false,
        }
    }

    pub(super) fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<_> = self.nodes.keys().map(String::as_str).collect();
        paths.retain(|path| *path != "/");
        paths
    }

    fn told(&self) -> String {
        match self.has_backslashes {
            true => format!("{}/", self.here).replace('/', "\\"),
            false => self.here.clone(),
        }
    }

    /// The path without links on the way.
    fn resolve(&self, path: &str) -> String {
        let path = path.replace('\\', "/");
        let whole = match path.starts_with('/') {
            true => path,
            false => format!("{}/{path}", self.here),
        };
        let mut at = String::new();
        for name in whole
            .split('/')
            .filter(|name| !name.is_empty() && *name != ".")
        {
            at = format!("{at}/{name}");
            if let Some(Node::Link(target)) = self.nodes.get(&at) {
                at = (*target).to_owned();
            }
        }
        match at.is_empty() {
            true => "/".to_owned(),
            false => at,
        }
    }

    /// The path of the object itself, which may be a link.
    fn object(&self, path: &str) -> String {
        match path.rsplit_once(['/', '\\']) {
            Some((above, name)) => {
                let above = match above.is_empty() {
                    true => "/".to_owned(),
                    false => self.resolve(above),
                };
                format!("{}/{name}", above.trim_end_matches('/'))
            }
            None => format!("{}/{path}", self.here.trim_end_matches('/')),
        }
    }

    fn children(&self, path: &str) -> impl Iterator<Item = (&str, Node)> {
        let above = format!("{}/", path.trim_end_matches('/'));
        self.nodes.iter().filter_map(move |(path, node)| {
            let name = path.strip_prefix(&above)?;
            (!name.is_empty() && !name.contains('/')).then_some((name, *node))
        })
    }

    fn unique(&self, path: &str) -> String {
        match self.style {
            Style::Unique => format!("unique=U{};", self.resolve(path).replace('/', "-")),
            _ => String::new(),
        }
    }

    fn listing(&self, path: &str, shows_hidden: bool) -> String {
        let path = &self.resolve(path);
        let mut lines = String::new();
        if shows_hidden {
            lines.push_str("drwxr-xr-x 2 u g 512 Mar 1 2020 .\r\n");
            lines.push_str("drwxr-xr-x 2 u g 512 Mar 1 2020 ..\r\n");
        }
        if self.style == Style::Unique {
            lines.push_str(&format!("type=cdir;{} .\r\n", self.unique(path)));
            lines.push_str("type=pdir;unique=U-parent; ..\r\n");
        }
        for (name, node) in self.children(path) {
            let below = format!("{}/{name}", path.trim_end_matches('/'));
            lines.push_str(&match (self.style, node) {
                (Style::Long, Node::File) => format!("-rw-r--r-- 1 u g 5 Mar 1 2020 {name}\r\n"),
                (Style::Long, Node::Directory) => {
                    format!("drwxr-xr-x 2 u g 512 Mar 1 2020 {name}\r\n")
                }
                (Style::Long, Node::Link(target)) => {
                    format!("lrwxrwxrwx 1 u g 4 Mar 1 2020 {name} -> {target}\r\n")
                }
                (_, Node::File) => format!("type=file;size=5;{} {name}\r\n", self.unique(&below)),
                (_, _) => format!("type=dir;{} {name}\r\n", self.unique(&below)),
            });
        }
        lines + self.also
    }

    /// The reply, and what a listing sends.
    pub(super) fn answer(&mut self, line: &str) -> Option<(String, Option<String>)> {
        let (verb, path) = line.split_once(' ').unwrap_or((line, ""));
        let is_directory = |remote: &Self, path: &str| {
            remote.nodes.get(&remote.resolve(path)) == Some(&Node::Directory)
        };
        let said = |reply: &str| Some((reply.to_owned(), None));
        match verb {
            "FEAT" if self.style != Style::Long => {
                said("211-Features:\r\n MLST type*;size*;unique*;\r\n211 End")
            }
            "PWD" => Some((format!("257 \"{}\" is here.", self.told()), None)),
            "CWD" if is_directory(self, path) => {
                self.here = self.resolve(path);
                said("250 Gone there.")
            }
            "MLSD" | "LIST" => {
                let listing = match path {
                    "-a" => self.listing("", true),
                    path => self.listing(path, false),
                };
                Some(("150 Here it comes.".to_owned(), Some(listing)))
            }
            "DELE" => {
                let path = self.object(path);
                match self.nodes.get(&path) {
                    None | Some(Node::Directory) => said("550 Not a file."),
                    Some(_) => {
                        self.nodes.remove(&path);
                        said("250 Deleted.")
                    }
                }
            }
            "RMD" => {
                let path = self.object(path);
                let is_empty = self.children(&path).next().is_none();
                if self.nodes.get(&path) == Some(&Node::Directory) && is_empty {
                    self.nodes.remove(&path);
                    return said("250 Removed.");
                }
                said("550 Not an empty directory.")
            }
            "MKD" => {
                let path = self.object(path);
                let above = path.rsplit_once('/').map_or("", |(above, _)| above);
                let above = if above.is_empty() { "/" } else { above };
                if self.nodes.contains_key(&path) || !is_directory(self, above) {
                    return said("550 Cannot make it.");
                }
                self.nodes.insert(path, Node::Directory);
                said("250 Made.")
            }
            "CWD" => said("550 No such directory."),
            _ => None,
        }
    }
}
