//! Trees of a server that lists what it likes: links, `..`, names with a slash, reserved names,
//! twins by case, listings that are cut off or not understood. Nothing outside is written, and
//! nothing is removed that should not be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use ftp_blocking::proto::listing::SafeFor;
use ftp_blocking::proto::tree::{Doubt, MirrorOptions, Spared, StepKind, Unread, Why};
use ftp_blocking::{Client, Mirror, Mirrored};
use tempfile::TempDir;

/// A server with a listing for each directory; every file holds `evil`.
#[derive(Clone, Default)]
struct Liar {
    listings: BTreeMap<&'static str, &'static str>,
    /// Directories that are elsewhere, as PWD tells.
    links: BTreeMap<&'static str, &'static str>,
    /// How listings end.
    end: &'static str,
    has_mlsd: bool,
    /// What was deleted, removed and entered.
    done: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    fn new(listings: &[(&'static str, &'static str)]) -> Self {
        Self {
            listings: listings.iter().copied().collect(),
            end: "226 Done.",
            ..Self::default()
        }
    }

    fn mlsd(mut self) -> Self {
        self.has_mlsd = true;
        self
    }

    fn link(mut self, path: &'static str, to: &'static str) -> Self {
        self.links.insert(path, to);
        self
    }

    fn end(mut self, reply: &'static str) -> Self {
        self.end = reply;
        self
    }

    fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let liar = self.clone();
        thread::spawn(move || {
            while let Ok((control, _)) = listener.accept() {
                let liar = liar.clone();
                thread::spawn(move || liar.serve(control));
            }
        });
        address
    }

    fn serve(&self, mut control: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(control.try_clone().ok()?).lines();
        let (mut here, mut data) = ("/".to_owned(), None);
        control.write_all(b"220 Ready.\r\n").ok()?;
        while let Some(Ok(line)) = lines.next() {
            let (verb, path) = line.split_once(' ').unwrap_or((&line, ""));
            let reply = match verb {
                "USER" => "230 Welcome.".to_owned(),
                "FEAT" if self.has_mlsd => "211-Features:\r\n MLST type*;\r\n211 End".to_owned(),
                "PWD" => format!("257 \"{}\"", self.links.get(&*here).unwrap_or(&&*here)),
                "CWD" if path == "/" || self.listings.contains_key(path) => {
                    here = path.to_owned();
                    "250 OK.".to_owned()
                }
                "TYPE" | "NOOP" => "200 OK.".to_owned(),
                "QUIT" => "221 Bye.".to_owned(),
                "EPSV" => {
                    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
                    let port = listener.local_addr().ok()?.port();
                    data = Some(listener);
                    format!("229 Extended (|||{port}|)")
                }
                "LIST" | "MLSD" | "RETR" => {
                    let (payload, end) = match verb {
                        "RETR" => ("evil", "226 Done."),
                        _ => (self.listings.get(&*here).copied().unwrap_or(""), self.end),
                    };
                    control.write_all(b"150 Here.\r\n").ok()?;
                    let (mut stream, _) = data.take()?.accept().ok()?;
                    stream.write_all(payload.as_bytes()).ok()?;
                    end.to_owned()
                }
                "DELE" | "RMD" => {
                    self.done.lock().unwrap().push(line.clone());
                    match self.listings.contains_key(path) && verb == "DELE" {
                        true => "550 A directory.".to_owned(),
                        false => "250 OK.".to_owned(),
                    }
                }
                _ => "500 Unknown.".to_owned(),
            };
            control.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
        }
        Some(())
    }

    fn log_in(address: SocketAddr) -> ftp_blocking::Result<Client> {
        let mut client = Client::builder().connect_to(&[address])?;
        client.login_anonymous()?;
        Ok(client)
    }

    fn client(&self) -> Client {
        Self::log_in(self.start()).unwrap()
    }

    /// A mirror of `/t` into the directory `t` of a new place; what stands beside it is outside.
    fn mirror(&self, options: MirrorOptions) -> (TempDir, Mirrored) {
        let place = TempDir::new().unwrap();
        let target = place.path().join("t");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("mine"), "kept").unwrap();
        let address = self.start();
        let mirror = Mirror::new("/t", &target, options).sessions(2);
        let mirrored = mirror.run(|| Self::log_in(address)).unwrap();
        let beside: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
        assert_eq!(beside.len(), 1, "{beside:?}");
        (place, mirrored)
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

const FILE: &str = "-rw-r--r-- 1 u g 4 Mar 12  2021 f\r\n";

fn names(place: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(place.path().join("t")).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(name)
        .map(|it| it.into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn hostile_names_write_nothing_outside() {
    let listing = "type=file;size=4; ../out\r\ntype=dir; ..\r\ntype=file;size=4; /out\r\n\
        type=file;size=4; a/../../out\r\ntype=file;size=4; ..\\out\r\n\
        type=file;size=4; esc\x1b[2J\r\ntype=file;size=4; ok\r\ntype=dir; .\r\n";
    let liar = Liar::new(&[("/t", listing), ("/t/..", listing)]).mlsd();
    let (place, mirrored) = liar.mirror(MirrorOptions::down());
    assert_eq!(names(&place), ["mine", "ok"]);
    assert!(mirrored.failed.is_empty(), "{mirrored:?}");
    let unsafe_name = StepKind::Skip(Why::UnsafeName);
    assert!(
        mirrored
            .skipped
            .iter()
            .all(|step| step.kind() == unsafe_name)
    );
    let mut walked = Vec::new();
    liar.client()
        .walk("/t", |path, _| walked.push(path.to_string()))
        .unwrap();
    assert_eq!(walked, ["..\\out", "esc\\u{1b}[2J", "ok"]);
}

#[test]
fn reserved_names_and_twins_by_case_are_skipped_where_they_matter() {
    let listing = "type=file;size=4; NUL.txt\r\ntype=file;size=4; a:b\r\n\
        type=file;size=4; Twin\r\ntype=file;size=4; TWIN\r\n";
    let liar = Liar::new(&[("/t", listing)]).mlsd();
    let portable = MirrorOptions::down()
        .names_safe_for(SafeFor::EverySystem)
        .fold_ascii_case();
    let (place, mirrored) = liar.mirror(portable);
    assert_eq!(names(&place), ["Twin", "mine"]);
    assert_eq!(mirrored.skipped.len(), 3);
}

#[test]
fn a_listed_link_is_not_entered() {
    let root = "drwxr-xr-x 2 u g 4 Mar 12  2021 d\r\nlrwxrwxrwx 1 u g 4 Mar 12  2021 l -> /\r\n";
    let liar = Liar::new(&[("/t", root), ("/t/d", FILE), ("/t/l", FILE)]);
    let (place, mirrored) = liar.mirror(MirrorOptions::down());
    assert_eq!(names(&place), ["d", "mine"]);
    assert_eq!(mirrored.skipped[0].kind(), StepKind::Skip(Why::Link));
    // If asked, it is.
    let (place, mirrored) = liar.mirror(MirrorOptions::down().follow_links());
    assert_eq!(
        (names(&place).len(), mirrored.copied),
        (3, 2),
        "{mirrored:?}"
    );
}

#[test]
fn a_link_that_the_listing_calls_a_directory_is_known_by_pwd() {
    let root = "type=dir; d\r\ntype=dir; l\r\n";
    let listings = [
        ("/t", root),
        ("/t/d", "type=file;size=4; f\r\n"),
        ("/t/l", root),
    ];
    let liar = Liar::new(&listings).mlsd().link("/t/l", "/t");
    let (_, mirrored) = liar.mirror(MirrorOptions::down());
    assert_eq!(
        (mirrored.copied, mirrored.skipped[0].kind()),
        (1, StepKind::Skip(Why::Link))
    );
    let walked = liar.client().walk("/t", |_, _| {}).unwrap();
    assert_eq!(walked.unread.len(), 1);
    assert_eq!(walked.unread[0].1, Unread::Elsewhere);
    // And where links are followed, a directory above is not entered again.
    let (_, mirrored) = liar.mirror(MirrorOptions::down().follow_links());
    assert_eq!(
        (mirrored.copied, mirrored.skipped[0].kind()),
        (1, StepKind::Skip(Why::Again))
    );
}

#[test]
fn nothing_is_removed_on_the_word_of_a_doubtful_listing() {
    let cut_off = "-rw-r--r-- 1 u g 4 Mar 12  2021 f\r\n-rw-r--r-- 1 u";
    let delete = || MirrorOptions::down().delete();
    let doubtful = [
        Liar::new(&[("/t", cut_off)]),
        Liar::new(&[(
            "/t",
            "-rw-r--r-- 1 u g 4 Mar 12  2021 f\r\nls: input/output error\r\n",
        )]),
        Liar::new(&[("/t", FILE)]).end("426 Broken."),
        Liar::new(&[("/t", FILE)]).end("451 Local error."),
        Liar::new(&[("/t", "")]),
        Liar::new(&[("/t", "total 0\r\n")]),
    ];
    for (number, liar) in doubtful.iter().enumerate() {
        let (place, mirrored) = liar.mirror(delete());
        assert_eq!(mirrored.removed, 0, "{number}");
        assert!(names(&place).contains(&"mine".to_owned()), "{number}");
        let removed = liar.client().remove_dir_all("/t");
        let is_empty_but_sound = liar.done() == ["RMD /t"];
        assert!(
            liar.done().is_empty() || (number >= 4 && is_empty_but_sound),
            "{:?}",
            liar.done()
        );
        assert!(number < 4 || removed.unwrap().is_empty() || liar.done().is_empty());
    }
    // The same listing, whole: now it is removed.
    let (place, mirrored) = Liar::new(&[("/t", FILE)]).mirror(delete());
    assert_eq!((mirrored.removed, names(&place)), (1, vec!["f".to_owned()]));
}

#[test]
fn a_removal_removes_links_and_does_not_follow_them() {
    let root = "type=dir; d\r\ntype=dir; l\r\ntype=dir; removable-link\r\n";
    let listings = [
        ("/t", root),
        ("/t/d", "type=file;size=4; f\r\n"),
        ("/t/l", "type=file; x\r\n"),
    ];
    let liar = Liar::new(&listings).mlsd().link("/t/l", "/home");
    let left = liar.client().remove_dir_all("/t").unwrap();
    let expected = [
        "DELE /t/d",
        "DELE /t/d/f",
        "RMD /t/d",
        "DELE /t/l",
        "DELE /t/removable-link",
    ];
    assert_eq!(liar.done(), expected);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].1, Spared::Unread(Unread::Elsewhere));
    // A link in the place of the directory itself.
    let liar = Liar::new(&[("/t", FILE)]).link("/t", "/home");
    let left = liar.client().remove_dir_all("/t").unwrap();
    assert_eq!((left.len(), liar.done().len()), (1, 0));
}

/// The server does not double quotes in its answers to PWD.
#[test]
fn a_removal_enters_names_with_quotes_and_no_links_among_them() {
    let root = "type=dir; a \"b\" c\r\ntype=dir; \"\r\ntype=dir; l\r\ntype=dir; l\" m\r\n";
    let file = "type=file;size=4; f\r\n";
    let listings = [
        ("/t", root),
        ("/t/a \"b\" c", file),
        ("/t/\"", file),
        ("/t/l", file),
        ("/t/l\" m", file),
    ];
    let liar = Liar::new(&listings)
        .mlsd()
        .link("/t/l", "/t/l\" n")
        .link("/t/l\" m", "/home \"x\" y");
    let left = liar.client().remove_dir_all("/t").unwrap();
    let expected = [
        "DELE /t/a \"b\" c",
        "DELE /t/a \"b\" c/f",
        "RMD /t/a \"b\" c",
        "DELE /t/\"",
        "DELE /t/\"/f",
        "RMD /t/\"",
        "DELE /t/l",
        "DELE /t/l\" m",
    ];
    assert_eq!(liar.done(), expected);
    let elsewhere = Spared::Unread(Unread::Elsewhere);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|(_, why)| *why == elsewhere), "{left:?}");
    // The directory itself, and one below it.
    let base = "/t \"u\" v";
    let liar = Liar::new(&[(base, "type=dir; d\r\n"), ("/t \"u\" v/d", file)]).mlsd();
    assert!(liar.client().remove_dir_all(base).unwrap().is_empty());
    assert_eq!(liar.done().len(), 4, "{:?}", liar.done());
}

#[test]
fn a_removal_wants_hidden_names() {
    let mut liar = Liar::new(&[("/t", FILE)]);
    liar.end = "226 Done.";
    let mut config = ftp_blocking::proto::Config::default();
    config.listing_begins_at = Some(ftp_blocking::proto::operation::Rung::List);
    let builder = Client::builder().config(config);
    let mut client = builder.connect_to(&[liar.start()]).unwrap();
    client.login_anonymous().unwrap();
    let left = client.remove_dir_all("/t").unwrap();
    assert_eq!(left[0].1, Spared::Doubt(Doubt::Hidden));
    assert!(liar.done().is_empty());
}
