//! The login: user and password from the URL, the environment, netrc or a prompt, in this order.

use std::io::IsTerminal as _;

use ftp_blocking::FtpUrl;
use ftp_blocking::proto::Argument;
use ftp_blocking::proto::driver::TlsMode;
use ftp_blocking::proto::operation::Login;

use crate::arguments::Options;
use crate::exit::{Failure, Result};
use crate::netrc;

pub(crate) fn login(options: &Options, url: &FtpUrl) -> Result<Login> {
    if url.has_password() {
        eprintln!(
            "ftpx: warning: others on this machine can see a password in an argument; use \
             FTPX_PASSWORD, netrc or the prompt"
        );
        if options.user.is_none() {
            return Ok(url.login());
        }
    }
    let user = match (&options.user, url.user()) {
        (Some(user), _) => Some(user.clone()),
        (None, Some(user)) => Some(String::from_utf8_lossy(user.as_bytes()).into_owned()),
        (None, None) => None,
    };
    if let (Some(user), Ok(password)) = (&user, std::env::var("FTPX_PASSWORD")) {
        return make(user, &password);
    }
    if let Some((user, password)) = from_netrc(options, url, user.as_deref())? {
        return make(&user, &password);
    }
    match user {
        None => Ok(Login::anonymous()),
        Some(user) => make(&user, &ask(&user, &url.endpoint().host())?),
    }
}

fn make(user: &str, password: &str) -> Result<Login> {
    let refused = |error| Failure::Usage(format!("the login cannot be sent: {error}"));
    let login = Login::new(Argument::new(user).map_err(refused)?);
    if password.is_empty() {
        return Ok(login);
    }
    Ok(login.password(Argument::new(password).map_err(refused)?))
}

fn from_netrc(
    options: &Options,
    url: &FtpUrl,
    user: Option<&str>,
) -> Result<Option<(String, String)>> {
    let Some(path) = netrc::path() else {
        return Ok(None);
    };
    let Some(found) = netrc::look_up(&path, &url.endpoint().host(), user)? else {
        return Ok(None);
    };
    let Some(user) = user.map(str::to_owned).or(found.login) else {
        return Ok(None);
    };
    if url.tls_mode() == TlsMode::None && !options.netrc_in_clear {
        return Err(Failure::Usage(
            "the password of netrc is not sent in clear: use ftpes://, ftps:// or --netrc-in-clear"
                .to_owned(),
        ));
    }
    Ok(Some((user, found.password)))
}

fn ask(user: &str, host: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "there is no password, and no terminal to ask at: set FTPX_PASSWORD".to_owned(),
        ));
    }
    let prompt = format!("Password of {user} at {host}: ");
    let asked = rpassword::prompt_password(prompt);
    // The terminal may hand on Ctrl-C as a character.
    asked.map_err(|error| match error.kind() {
        std::io::ErrorKind::Interrupted => Failure::Interrupted,
        _ => Failure::Local("the terminal".to_owned(), error),
    })
}
