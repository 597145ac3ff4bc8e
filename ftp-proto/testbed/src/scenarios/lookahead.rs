//! Files in a row, on servers that drop the one that runs when they are asked for the port of the
//! next one.

use std::net::SocketAddr;

use ftp_proto::{Closed, Config, Violation};

use super::{Act, SHORT, Scenario, Told, ended, opening, port};
use crate::scripted::{Passive, Port, Script};

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("the_rest_is_fetched", rest_of_a().then_all(whole_b()))
            .configured(looking_ahead)
            .then(BOTH, Told::replied("6 bytes: abcdef\n3 bytes: ghi"))
            .goes_on(),
        Scenario::new("the_rest_cannot_be_known", unknown_rest().then_all(whole_b()))
            .configured(looking_ahead)
            .then(
                BOTH,
                Told::replied("RETR a: SIZE: the server does not tell the size\n3 bytes: ghi"),
            )
            .goes_on(),
        Scenario::new("cut_with_426", cut_with_426().then_all(whole_b()))
            .configured(looking_ahead)
            .then(BOTH, Told::replied("6 bytes: abcdef\n3 bytes: ghi"))
            .goes_on(),
        // pyftpdlib, when it had not accepted the data connection yet.
        Scenario::new("awaited_on_the_new_port", moved().then_all(whole_b()))
            .configured(looking_ahead)
            .then(BOTH, Told::replied("6 bytes: abcdef\n3 bytes: ghi"))
            .goes_on(),
        Scenario::new("reset_and_awaited", reset_and_moved().then_all(whole_b()))
            .configured(looking_ahead)
            .then(BOTH, Told::replied("6 bytes: abcdef\n3 bytes: ghi"))
            .goes_on(),
        // The server may still send the file on the next data connection.
        Scenario::new("forgotten", forgotten())
            .configured(looking_ahead)
            .then(
                BOTH,
                Told::replied(
                    "RETR a: the server forgot a transfer, and may still carry it out; the session is over\n\
                     RETR b: the server forgot a transfer, and may still carry it out; the session is over",
                )
                .dead(FORGOTTEN),
            )
            .ends(FORGOTTEN),
    ]
}

const BOTH: Act = Act::Each(&["a", "b"]);

const FORGOTTEN: Closed = Closed::Violation(Violation::TransferForgotten);

fn looking_ahead(config: &mut Config) {
    config.lookahead = true;
    config.timeouts.abort_grace = SHORT;
}

/// The first file has begun, and the port of the second one is asked for.
fn ahead(mark: &str, data: &str, port: Port) -> Script {
    let announced = opening().answer("RETR a", mark).send_data(data);
    ended(announced.expect("EPSV").passive(port, Passive::Extended))
}

/// pyftpdlib: no word about the transfer that was dropped.
fn dropped() -> Script {
    ahead("125 here\r\n", "abc", Port::Open)
        .answer("ABOR", "225 closed\r\n")
        .answer("NOOP", "200 yes\r\n")
}

fn rest_of_a() -> Script {
    dropped().answer("SIZE a", "213 6\r\n").then_all(def())
}

fn def() -> Script {
    let rest = port().answer("REST 3", "350 go on\r\n");
    ended(rest.answer("RETR a", "125 here\r\n").send_data("def")).send("226 done\r\n")
}

fn unknown_rest() -> Script {
    let unknown = dropped().answer("SIZE a", "500 what?\r\n");
    unknown.answer("MLST a", "500 what?\r\n")
}

/// In order: the transfer first, and then the port.
fn cut_with_426() -> Script {
    let cut = opening()
        .answer("RETR a", "150 here\r\n")
        .send_data("abc")
        .expect("EPSV");
    // In one write: what the client does between the two replies would depend on the network.
    let replies = |address: SocketAddr| {
        let port = address.port();
        format!("426 cut\r\n229 Entering Extended Passive Mode (|||{port}|)\r\n")
    };
    ended(cut)
        .passive(Port::Open, Passive::Custom(replies))
        .answer("SIZE a", "213 6\r\n")
        .then_all(def())
}

fn whole_b() -> Script {
    let whole = port().answer("RETR b", "125 here\r\n").send_data("ghi");
    ended(whole).send("226 done\r\n")
}

fn moved() -> Script {
    let again = ahead("150 here\r\n", "", Port::Open).accept();
    ended(again.send_data("abcdef")).send("226 done\r\n")
}

/// The old connection was never accepted.
fn reset_and_moved() -> Script {
    let asked = opening()
        .answer("RETR a", "150 here\r\n")
        .expect("EPSV")
        .reset_data()
        .passive(Port::Open, Passive::Extended);
    ended(asked.accept().send_data("abcdef")).send("226 done\r\n")
}

fn forgotten() -> Script {
    ahead("150 here\r\n", "", Port::Refused)
        .answer("ABOR", "225 closed\r\n")
        .answer("NOOP", "200 yes\r\n")
        .expect_close()
}
