//! Login and goodbye.

use ftp_proto::operation::{Exchange, Login, Retrieve};
use ftp_proto::{Argument, Class, Closed, ErrorKind, ReplyCode, State, Verb};

use super::bench::{Bench, Outcome, ensure, refusal, same, same_bytes, user, works};
use crate::servers::USER;
use crate::subject::Subject;
use crate::tree::HELLO;

pub(super) fn logs_in_as_user<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let reply = subject.run(user()?)?;
    same("the class", &reply.class(), &Class::Completion)?;
    let path = subject.run(Exchange::working_directory())?;
    same_bytes("PWD", path.as_bytes(), bench.server().home().as_bytes())
}

/// `anonymous` sees the tree as `/` everywhere.
pub(super) fn logs_in_as_anonymous<S: Subject>(_: &Bench<'_>, subject: &mut S) -> Outcome {
    subject.run(Login::anonymous())?;
    let path = subject.run(Exchange::working_directory())?;
    same_bytes("PWD", path.as_bytes(), b"/")?;
    let mut sink = Vec::new();
    subject.download(Retrieve::new(Argument::new("hello.txt")?), &mut sink)?;
    same_bytes("hello.txt", &sink, HELLO)
}

pub(super) fn survives_a_refused_login<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let wrong = Login::new(Argument::new(USER)?).password(Argument::new("wrong")?);
    let result = subject.run(wrong);
    let error = refusal(subject, result)?;
    same("the step", &error.verb(), &Some(Verb::Pass))?;
    ensure(matches!(error.kind(), ErrorKind::Refused(_)), || {
        format!("not refused but {error}")
    })?;
    let code = error.reply().map(|reply| reply.code());
    same("the code", &code, &Some(ReplyCode::NOT_LOGGED_IN))?;
    same("the state", &subject.session().state(), &State::Usable)?;
    bench.log_in(subject)?;
    works(subject)
}

pub(super) fn quits<S: Subject>(_: &Bench<'_>, subject: &mut S) -> Outcome {
    subject.run(user()?)?;
    let reply = subject.run(Exchange::quit())?;
    same("the code", &reply.code(), &ReplyCode::CLOSING_CONTROL)?;
    let state = subject.session().state();
    same("the state", &state, &State::Dead(Closed::Quit))
}
