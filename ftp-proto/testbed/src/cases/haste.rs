//! What goes out before the reply that it depends on: the eager opening, and the next transfer's
//! port.

use ftp_proto::operation::{Rename, Retrieve};
use ftp_proto::trace::Record;
use ftp_proto::{Argument, Class, Verb};

use super::Mode;
use super::bench::{Bench, Outcome, ensure, pattern, same, same_bytes, user, works};
use crate::servers::Kind;
use crate::subject::Subject;
use crate::tree::HELLO;

/// The sizes of the files of a series: small ones, of which a transfer is over before the next
/// command is read, and one that is not.
const SIZES: [usize; 4] = [900, 7, 400_000, 5000];

/// A login, a download and a rename, with everything that can go out together going out together.
pub(super) fn opens_eagerly<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let hello = Retrieve::new(Argument::new(bench.remote("hello.txt"))?);
    let mut sink = Vec::new();
    subject.download(user()?.then(hello), &mut sink)?;
    same_bytes("hello.txt", &sink, HELLO)?;
    bench.place("old", b"content")?;
    let [from, to] =
        ["old", "new"].map(|name| [bench.directory(), b"/".into(), name.into()].concat());
    subject.run(Rename::new(Argument::new(from)?, Argument::new(to)?))?;
    bench.holds("new", b"content")?;
    works(subject)
}

/// Everything up to the command that opens the data connection went out before the first reply to
/// any of it.
pub(super) fn opened_in_one_flight(_: Kind, mode: Mode, trace: &[Record]) -> Outcome {
    let behind_the_greeting = trace
        .iter()
        .skip_while(|record| !matches!(record, Record::Reply(_)))
        .skip(1);
    let before = behind_the_greeting.take_while(|record| !matches!(record, Record::Reply(_)));
    let verbs: Vec<_> = before.filter_map(verb).collect();
    let expected = [Verb::User, Verb::Pass, Verb::Type, mode.verb()];
    same("the first flight", &verbs.as_slice(), &&expected[..])
}

const fn verb(record: &Record) -> Option<Verb> {
    match record {
        Record::Command(command) => Some(command.verb()),
        _ => None,
    }
}

/// Whatever the server makes of it, no file is taken for a whole one that is not, and the session
/// is left in a known state. A server that drops what runs (pyftpdlib) costs no file. An error says
/// which file it is about.
pub(super) fn looks_ahead<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let names: Vec<String> = (0..SIZES.len()).map(|n| format!("file{n}")).collect();
    for (name, size) in names.iter().zip(SIZES) {
        bench.place(name, &pattern(size))?;
    }
    let mut files = [const { Vec::new() }; SIZES.len()];
    let results = subject.retrieve_each(&names, &mut |number, bytes| {
        let file = files.get_mut(number);
        file.into_iter()
            .for_each(|file| file.extend_from_slice(bytes));
    })?;
    same("the number of results", &results.len(), &SIZES.len())?;
    let kind = bench.server().kind();
    for (number, ((result, file), size)) in results.iter().zip(&files).zip(SIZES).enumerate() {
        match result {
            Ok(_) => same_bytes("a file", file, &pattern(size))?,
            Err(error) => {
                let may_fail = !keeps(kind) && kind != Kind::Pyftpdlib;
                ensure(may_fail, || error.to_string())?;
                let transfer = error.transfer().map(ToString::to_string);
                let path = names.get(number).map(|name| format!("RETR {name}"));
                same("the transfer of an error", &transfer, &path)?;
            }
        }
    }
    Ok(())
}

/// The servers that keep commands until the transfer is over.
const fn keeps(kind: Kind) -> bool {
    matches!(kind, Kind::Vsftpd | Kind::Proftpd | Kind::Inetutils)
}

/// Every port but the first was asked for between a transfer command and its final reply.
pub(super) fn was_ahead(kind: Kind, _: Mode, trace: &[Record]) -> Outcome {
    let mut running = false;
    let mut ahead = 0;
    for record in trace {
        match record {
            Record::Command(command) if command.verb() == Verb::Retr => running = true,
            Record::Command(command) if matches!(command.verb(), Verb::Epsv | Verb::Pasv) => {
                ahead += usize::from(running);
            }
            Record::Reply(reply) if reply.class() == Class::Completion => running = false,
            _ => {}
        }
    }
    let expected = SIZES.len() - 1;
    ensure(!keeps(kind) || ahead == expected, || {
        format!("{ahead} ports were asked for ahead, and not {expected}")
    })
}
