//! Passwords from netrc. Only the exact `machine` counts: a `default` would send its password to
//! any host that a URL names.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::exit::{Failure, Result, local};

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
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(local(path.display())(error)),
    };
    let mut text = String::new();
    file.read_to_string(&mut text)
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
    let text = without_macros(text);
    let mut words = text.split_ascii_whitespace();
    let (mut is_ours, mut login, mut password) = (false, None, None);
    loop {
        let word = words.next();
        if matches!(word, None | Some("machine" | "default")) {
            let fits = user.is_none() || login.is_none() || login == user;
            if let (true, true, Some(password)) = (is_ours, fits, password) {
                let login = login.map(str::to_owned);
                return Some(Found {
                    login,
                    password: String::from(password),
                });
            }
            (login, password) = (None, None);
        }
        match word? {
            "machine" => is_ours = words.next()?.eq_ignore_ascii_case(host),
            "default" => is_ours = false,
            "login" => login = words.next(),
            "password" => password = words.next(),
            "account" => drop(words.next()),
            _ => {}
        }
    }
}

/// A macro reaches to the next empty line.
fn without_macros(text: &str) -> String {
    let mut in_macro = false;
    let mut kept = String::new();
    for line in text.lines() {
        in_macro = (in_macro && !line.trim().is_empty()) || line.trim_start().starts_with("macdef");
        if !in_macro {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::find;

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
}
