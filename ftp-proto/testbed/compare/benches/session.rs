//! One command and one transfer through the session: what the machine costs without sockets.

use std::hint::black_box;
use std::task::Poll;

use criterion::{Criterion, criterion_group, criterion_main};
use ftp_proto::operation::{Exchange, Greet, Login, Retrieve};
use ftp_proto::{Action, Argument, Config, Control, End, Instant, Operation, Report, Session};

/// Drives an operation with a server that answers as it should.
fn drive<O: Operation>(session: &mut Session, mut operation: O) -> O::Output {
    loop {
        if let Poll::Ready(outcome) = operation.poll(session) {
            return outcome.unwrap_or_else(|error| panic!("{error}"));
        }
        while let Some(action) = session.poll_action(Instant::EPOCH) {
            act(session, action);
        }
        let sent = session.transmit();
        let replies: &[u8] = match sent.get(..4).unwrap_or_default() {
            b"" => continue,
            b"USER" => b"331 Password?\r\n",
            b"PASS" => b"230 Logged in.\r\n",
            b"EPSV" => b"229 Entering extended passive mode (|||40001|)\r\n",
            b"RETR" => b"150 Here it comes.\r\n226 Transfer complete.\r\n",
            _ => b"200 Done.\r\n",
        };
        let count = sent.len();
        session.transmitted(count);
        session.receive(replies);
    }
}

fn act(session: &mut Session, action: Action) {
    match action {
        Action::Connect { data, .. } => session.report(Report::Connected { data }),
        Action::Move { data, .. } => {
            session.report(Report::Moved { data, bytes: 1024 });
            session.report(Report::Finished {
                data,
                end: End::Clean,
            });
        }
        _ => {}
    }
}

fn sessions(criterion: &mut Criterion) {
    let mut session = Session::new(Config::default(), Control::default());
    session.receive(b"220 Ready.\r\n");
    drive(&mut session, Greet);
    drive(&mut session, Login::anonymous());
    criterion.bench_function("session/command", |bencher| {
        bencher.iter(|| black_box(drive(&mut session, Exchange::noop())));
    });
    let path = Argument::new("pub/README").unwrap_or_else(|error| panic!("{error}"));
    criterion.bench_function("session/transfer", |bencher| {
        bencher.iter(|| black_box(drive(&mut session, Retrieve::new(path.clone()))));
    });
}

criterion_group!(benches, sessions);
criterion_main!(benches);
