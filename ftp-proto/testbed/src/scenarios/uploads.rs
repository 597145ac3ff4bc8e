//! Uploads in passive mode. The numbers are the rows of the transfer table.

use ftp_proto::{Closed, Failure, Interruption, Reason, Verb};

use super::{SHORT, Scenario, Told, Upload, aborted, much, opening, stor, upload};

const GO: &str = "150 go\r\n";

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = ends();
    scenarios.extend(failures());
    scenarios.extend(early_successes());
    scenarios.extend(losses());
    scenarios
}

fn ends() -> Vec<Scenario> {
    vec![
        Scenario::new("row_3_refusal", stor("553 no\r\n"))
            .then(upload(b"abc"), Told::refused(Verb::Stor, 553))
            .goes_on(),
        Scenario::new(
            "row_6_success_after_the_end",
            stor(GO).read_data_to_end().send("226 done\r\n"),
        )
        .then(upload(b"abc"), Told::uploaded(3))
        .stores(b"abc")
        .goes_on(),
        Scenario::new(
            "row_6_an_empty_file",
            stor(GO).read_data_to_end().send("226 done\r\n"),
        )
        .then(upload(b""), Told::uploaded(0))
        .stores(b"")
        .goes_on(),
        // The client has sent everything, and need not have told so: the success is one all the
        // same.
        Scenario::new(
            "row_8_success_at_the_last_byte",
            stor(GO).read_data(3).send("226 done\r\n"),
        )
        .then(upload(b"abc"), Told::uploaded(3))
        .stores(b"abc")
        .goes_on(),
        Scenario::new(
            "row_8_success_before_everything_was_sent",
            stor(GO).read_data(1000).send("226 done\r\n"),
        )
        .configured(|config| config.timeouts.drain = SHORT)
        .then(
            much(),
            Told::broken_upload(None, Interruption::NotTaken).reply(Some(226)),
        )
        .counts_vary()
        .goes_on(),
        Scenario::new(
            "row_10_failure_after_the_end",
            stor(GO).read_data_to_end().send("452 full\r\n"),
        )
        .then(
            upload(b"abc"),
            Told::broken_upload(Some(3), Interruption::Reply).reply(Some(452)),
        )
        .stores(b"abc")
        .goes_on(),
    ]
}

fn early_successes() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_14_success_without_a_mark",
            stor("226 done\r\n")
                .expect("NOOP")
                .wait("told")
                .send("200 fence\r\n"),
        )
        .configured(|config| config.timeouts.drain = SHORT)
        .then(
            upload(b"abc"),
            Told::broken_upload(Some(0), Interruption::NoGoAhead)
                .reply(Some(226))
                .settling(2),
        )
        .release("told")
        .stores(b"")
        .goes_on(),
        Scenario::new(
            "row_14_a_stray_reply_before_the_mark",
            stor("200 well\r\n150 go\r\n")
                .read_data_to_end()
                .send("226 done\r\n"),
        )
        .then(upload(b"abc"), Told::uploaded(3))
        .stores(b"abc")
        .lets_pass(ftp_proto::Leniency::EarlyCompletion)
        .goes_on(),
    ]
}

fn failures() -> Vec<Scenario> {
    let told = |cause| Told::broken_upload(None, cause);
    let mut scenarios: Vec<_> = [
        (426, "426 no\r\n"),
        (452, "452 no\r\n"),
        (552, "552 no\r\n"),
    ]
    .into_iter()
    .map(|(code, reply)| {
        let script = stor(GO).read_data(1000).send(reply);
        Scenario::new(format!("row_9_{code}_and_nothing_is_read_any_more"), script)
            .then(much(), told(Interruption::Reply).reply(Some(code)))
            .counts_vary()
            .goes_on()
    })
    .collect();
    scenarios.extend([
        Scenario::new(
            "row_11_broken_data_and_nothing_said",
            stor(GO)
                .read_data(1000)
                .reset_data()
                .then_all(aborted("426 cut\r\n226 aborted\r\n")),
        )
        .configured(|config| config.timeouts.completion = SHORT)
        .then(much(), told(Interruption::Data(Failure::Reset)).settling(2))
        .counts_vary()
        .release("told")
        .goes_on(),
        Scenario::new(
            "row_25_nothing_is_read_any_more",
            stor(GO)
                .read_data(1000)
                .then_all(aborted("426 cut\r\n226 aborted\r\n")),
        )
        .configured(|config| config.timeouts.data_idle = SHORT)
        .then(
            much(),
            told(Interruption::Timeout(Reason::DataIdle)).settling(2),
        )
        .counts_vary()
        .release("told")
        .goes_on(),
        Scenario::new(
            "row_18_no_final_reply",
            stor(GO).read_data_to_end().expect_close(),
        )
        .configured(|config| config.timeouts.completion = SHORT)
        .then(upload(b"abc"), {
            let cause = Interruption::Timeout(Reason::Completion);
            let told = Told::broken_upload(Some(3), cause).unconfirmed();
            told.dead(Closed::Timeout(Reason::Completion))
        })
        .stores(b"abc")
        .ends(Closed::Timeout(Reason::Completion)),
        Scenario::new(
            "the_client_s_own_disk_fails",
            stor(GO).then_all(aborted("426 cut\r\n226 aborted\r\n")),
        )
        .then(broken_disk(), Told::elsewhere().settling(2))
        .release("told")
        .goes_on(),
    ]);
    scenarios
}

fn broken_disk() -> Upload {
    let mut upload = upload(b"abc");
    upload.fails = true;
    upload
}

fn losses() -> Vec<Scenario> {
    let lost = |bytes| Told::broken_upload(bytes, Interruption::ControlLost).dead(Closed::Eof);
    vec![
        Scenario::new(
            "row_16_lost_before_the_mark",
            opening().expect("STOR a").close(),
        )
        .then(upload(b"abc"), lost(Some(0)))
        .ends(Closed::Eof),
        // Nothing is sent to nobody.
        Scenario::new(
            "row_16_lost_while_sending",
            stor(GO).read_data(1000).close().wait("over"),
        )
        .then(much(), lost(None))
        .counts_vary()
        .ends(Closed::Eof)
        .release("over"),
        Scenario::new(
            "row_16_a_farewell_while_sending",
            stor(GO)
                .read_data(1000)
                .send("421 going down\r\n")
                .expect_close(),
        )
        .then(much(), {
            let told = Told::broken_upload(None, Interruption::ControlLost);
            told.reply(Some(421)).dead(Closed::Service)
        })
        .counts_vary()
        .ends(Closed::Service),
        Scenario::new(
            "row_16_lost_after_the_end",
            stor(GO).read_data_to_end().close(),
        )
        .then(upload(b"abc"), lost(Some(3)).unconfirmed())
        .stores(b"abc")
        .ends(Closed::Eof),
    ]
}
