//! Against real servers: ignored with the reason where there is none, failed where servers are
//! required.

use std::net::SocketAddr;

use ftp_mio::proto::operation::{Exchange, Login, OneTransfer, Retrieve, Store};
use ftp_mio::proto::{Config, DataMode, Transfer};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Setup, USER};
use libtest_mimic::{Completion, Trial};

use crate::loops::{Alone, argument};
use crate::reactors::Reactors;

const LARGE: u64 = 3_000_000;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let trial = |kind: Kind| {
        Trial::ignorable_test(format!("real::{kind}"), move || {
            match Setup::new(kind).large(LARGE).start() {
                Ok(server) => {
                    for family in [Family::V4, Family::V6] {
                        for mode in [DataMode::Auto, DataMode::AnyActive] {
                            if let Some(address) = server.address(family) {
                                converse::<R>(address, mode, server.home());
                            }
                        }
                    }
                    Ok(Completion::Completed)
                }
                Err(unavailable) => unavailable.verdict(),
            }
        })
    };
    Kind::COMPLETE.map(trial).into()
}

fn converse<R: Reactors>(address: SocketAddr, mode: DataMode, home: &str) {
    let mut config = Config::default();
    config.data_mode = mode;
    let mut alone = Alone::<R>::connect(&[address], config);
    let login = Login::new(argument(USER)).password(argument(PASSWORD));
    alone.run(login).unwrap();
    let path = alone.run(Exchange::working_directory()).unwrap();
    assert_eq!(path.as_bytes(), home.as_bytes());

    alone.run(Retrieve::new(argument("large.bin"))).unwrap();
    let mut large = vec![0; usize::try_from(LARGE).unwrap()];
    ftp_testbed::tree::fill(0, &mut large);
    assert!(alone.received == large);

    alone.content = large[..1_234_567].to_vec();
    alone.run(Store::new(argument("mio-copy.bin"))).unwrap();
    alone.received.clear();
    alone.run(Retrieve::new(argument("mio-copy.bin"))).unwrap();
    assert!(alone.received == alone.content);

    alone.received.clear();
    alone.run(OneTransfer::new(Transfer::names(None))).unwrap();
    let names = String::from_utf8_lossy(&alone.received).into_owned();
    assert!(names.contains("mio-copy.bin\r\n"), "{names}");

    let download = alone.client.start(Retrieve::new(argument("large.bin")));
    let mut some = Vec::new();
    alone.until(|client| {
        super::loops::move_payload(client, &[], &mut 0, &mut some);
        (some.len() > 100_000).then_some(())
    });
    alone.client.cancel(download);
    alone
        .run(Exchange::delete(argument("mio-copy.bin")))
        .unwrap();
    alone.run(Exchange::quit()).unwrap();
    alone.until(|client| client.is_over().then_some(()));
    alone.close();
}
