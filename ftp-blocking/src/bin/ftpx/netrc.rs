//! Passwords from netrc. Only the exact `machine` counts: a `default` would send its password to
//! any host that a URL names.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::exit::{Failure, Result, local};

/// What lies behind is not looked at.
const BYTES_MAX: u64 = 1 << 20;

/// A login of netrc.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) login: Option<String>,
    pub(crate) password: String,
}

/// The file named by NETRC, or `~/.netrc`.
pub(crate) fn path() -> Option<PathBuf> {
    let named = std::env::var_os("NETRC").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".netrc")))
}

/// Looks for `host`, and for `user` if it is known. A file that others may read is refused, once
/// it is known to hold the password.
pub(crate) fn look_up(path: &Path, host: &str, user: Option<&str>) -> Result<Option<Found>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(local(path.display())(error)),
    };
    let mut text = String::new();
    (&file)
        .take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(local(path.display()))?;
    let found = find(&text, host, user);
    if found.is_some() && others_may_read(&file).map_err(local(path.display()))? {
        let shown = path.display();
        return Err(Failure::Usage(format!(
            "{shown} is not used, because others may read it: chmod 600 {shown}"
        )));
    }
    Ok(found)
}

#[cfg(unix)]
fn others_may_read(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

fn find(text: &str, host: &str, user: Option<&str>) -> Option<Found> {
    let mut words = Words(text);
    let (mut is_ours, mut login, mut password) = (false, None, None);
    loop {
        let word = words.next();
        if matches!(word.as_deref(), None | Some("machine" | "default")) {
            let fits = user.is_none() || login.is_none() || login.as_deref() == user;
            if let (true, true, Some(password)) = (is_ours, fits, password) {
                return Some(Found { login, password });
            }
            (login, password) = (None, None);
        }
        match word?.as_str() {
            "machine" => is_ours = words.next()?.eq_ignore_ascii_case(host),
            "default" => is_ours = false,
            "login" => login = words.next(),
            "password" => password = words.next(),
            "account" => drop(words.next()),
            "macdef" => words.skip_macro(),
            word if word.starts_with('#') => words.skip_line(),
            _ => {}
        }
    }
}

/// The words of a text. A word in double quotes may have blanks in it, and whatever follows a
/// backslash.
struct Words<'t>(&'t str);

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let rest = self.0.trim_ascii_start();
        let quoted = rest.strip_prefix('"');
        let mut letters = quoted.unwrap_or(rest).chars();
        let mut word = String::new();
        loop {
            let before = letters.as_str();
            match letters.next() {
                None if word.is_empty() && quoted.is_none() => return None,
                Some('"') if quoted.is_some() => break,
                // The line's end may matter.
                Some(blank) if quoted.is_none() && blank.is_ascii_whitespace() => {
                    self.0 = before;
                    return Some(word);
                }
                Some('\\') if quoted.is_some() => word.extend(letters.next()),
                Some(letter) => word.push(letter),
                None => break,
            }
        }
        self.0 = letters.as_str();
        Some(word)
    }
}

impl Words<'_> {
    fn skip_line(&mut self) {
        self.0 = self.0.split_once('\n').map_or("", |(_, rest)| rest);
    }

    /// A macro reaches to the next empty line.
    fn skip_macro(&mut self) {
        loop {
            self.skip_line();
            let line = self.0.lines().next();
            if line.is_none_or(|line| line.trim().is_empty()) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Words, find};

    #[test]
    fn only_the_exact_machine_counts() {
        let text = "machine a.org login ann password 1\nmacdef init\nmachine b.org password 9\n\n\
                    machine a.org\n login bob\n password 2\nmachine c.org password 3\n\
                    default login x password y\n";
        for (host, user, password) in [
            ("a.org", None, Some("1")),
            ("A.ORG", Some("ann"), Some("1")),
            ("a.org", Some("bob"), Some("2")),
            ("a.org", Some("eve"), None),
            ("c.org", Some("eve"), Some("3")),
            ("b.org", None, None),
            ("x.a.org", None, None),
            ("org", None, None),
        ] {
            let found = find(text, host, user).map(|found| found.password);
            assert_eq!(found.as_deref(), password, "{host} {user:?}");
        }
    }

    #[test]
    fn a_word_may_be_quoted() {
        let words: Vec<_> = Words(r#" a "b c"  "d\"\\" e"f "" "g"#).collect();
        assert_eq!(words, ["a", "b c", "d\"\\", "e\"f", "", "g"]);
    }

    #[test]
    fn comments_and_macros_name_no_machine() {
        for text in [
            "# machine a.org password 1\n",
            "machine b.org password 2 # machine a.org password 1\n",
            "machine b.org login b macdef init\nmachine a.org password 1\n\n",
            "macdef init\n machine a.org password 1",
        ] {
            assert_eq!(find(text, "a.org", None), None, "{text}");
        }
        let text = "macdef init\n\nmachine a.org password #1";
        let found = find(text, "a.org", None).map(|found| found.password);
        assert_eq!(found.as_deref(), Some("#1"));
    }
}
