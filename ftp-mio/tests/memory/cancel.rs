//! Operations are cancelled, and transfers aborted, at every moment.

use ftp_mio::proto::operation::{Exchange, Login, Retrieve, Store};
use ftp_mio::proto::testing::{AbortStyle, Behaviour, ServerConfig};
use ftp_mio::proto::{Argument, DataMode};

use crate::scenario::{App, CAPACITY, Scene, content, files};
use crate::world::{Faults, Manner, World};

/// A transfer that is to be ended before its time.
#[derive(Clone, Copy, Debug)]
struct Case {
    mode: DataMode,
    manner: Manner,
    style: AbortStyle,
    upload: bool,
    cancel: bool,
}

fn logged_in(mode: DataMode, manner: Manner) -> Scene {
    logged_in_where(mode, manner, AbortStyle::Prompt)
}

fn logged_in_where(mode: DataMode, manner: Manner, style: AbortStyle) -> Scene {
    let behaviour = Behaviour::new().abort(style);
    let config = ServerConfig::new().serial().behaviour(behaviour);
    let mut scene = Scene::in_world(World::new(config, files(), CAPACITY), mode, manner);
    let login = scene.client.start(Login::anonymous());
    scene.outcome(&mut App::default(), login).unwrap();
    scene
}

/// The session must be in step: the server numbers its replies after the commands that they answer.
fn assert_in_step(scene: &mut Scene, what: &dyn std::fmt::Debug) {
    let mut app = App::default();
    let status = scene.client.start(Exchange::help(None));
    let reply = scene.outcome(&mut app, status).unwrap();
    let serial = scene.world.log(0).last().unwrap().serial;
    let text = String::from_utf8_lossy(reply.text()).into_owned();
    assert!(
        text.ends_with(&format!("#{serial}")),
        "{what:?}: {text} is not #{serial}"
    );
    let argument = Argument::new("a.bin").unwrap();
    let download = scene.client.start(Retrieve::new(argument));
    let completed = scene.outcome(&mut app, download);
    completed.unwrap_or_else(|error| panic!("{what:?}: {error}"));
    assert_eq!(app.received, content(), "{what:?}");
}

/// Runs `turns` turns of a transfer and then ends it; `false` if it was over before.
fn end_after(turns: usize, case: Case) -> bool {
    let what = (turns, case);
    let Case { upload, cancel, .. } = case;
    let mut scene = logged_in_where(case.mode, case.manner, case.style);
    let mut app = App::default();
    let argument = Argument::new(if upload { "new.bin" } else { "a.bin" }).unwrap();
    let transfer = if upload {
        scene.client.start(Store::new(argument))
    } else {
        scene.client.start(Retrieve::new(argument))
    };
    for _ in 0..turns {
        if scene.turn(&mut app).is_err() {
            break;
        }
    }
    let mut over = scene.client.poll(transfer);
    let was_over = over.is_ready();
    if cancel {
        scene.client.cancel(transfer);
        assert_eq!(scene.client.operations(), 0);
    } else {
        scene.client.abort();
        while over.is_pending() {
            let turned = scene.turn(&mut app);
            assert!(
                turned.is_ok() || !scene.client.poll(transfer).is_pending(),
                "{what:?} {:?}",
                scene.client.session()
            );
            over = scene.client.poll(transfer);
        }
    }
    if let std::task::Poll::Ready(Ok(_)) = over {
        match upload {
            true => assert_eq!(
                scene.world.files(0).content("/new.bin"),
                Some(&content()[..]),
                "{what:?}"
            ),
            false => assert_eq!(app.received, content(), "{what:?}"),
        }
    }
    assert_in_step(&mut scene, &what);
    scene.client.close(&mut scene.watch);
    assert!(scene.watch.is_empty());
    !was_over
}

fn end_at_every_moment(mode: DataMode, manner: Manner, style: AbortStyle) {
    for (upload, cancel) in [(false, false), (false, true), (true, false), (true, true)] {
        let case = Case {
            mode,
            manner,
            style,
            upload,
            cancel,
        };
        let last = (0..).find(|turns| !end_after(*turns, case));
        assert!(last.unwrap() > 6, "there were many moments");
    }
}

#[test]
fn a_transfer_ends_at_every_moment() {
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        for manner in Manner::ALL {
            end_at_every_moment(mode, manner, AbortStyle::Prompt);
        }
    }
}

/// Among them one that needs a NOOP to tell that nothing more is owed, which a timer brings out.
#[test]
fn whatever_a_server_answers_to_an_abort_is_settled() {
    for style in [
        AbortStyle::Vsftpd,
        AbortStyle::ProFtpd,
        AbortStyle::PureFtpd,
        AbortStyle::Pyftpdlib,
        AbortStyle::Inetutils,
        AbortStyle::Libunftp,
    ] {
        for manner in [Manner::Edges, Manner::Single] {
            end_at_every_moment(DataMode::Auto, manner, style);
        }
    }
}

#[test]
fn commands_are_cancelled_before_and_after_they_are_sent() {
    for turns in 0..12 {
        let mut scene = logged_in(DataMode::Auto, Manner::Edges);
        let mut app = App::default();
        for _ in 0..20 {
            let commands = [
                scene.client.start(Exchange::noop()),
                scene.client.start(Exchange::noop()),
            ];
            for _ in 0..turns {
                if scene.turn(&mut app).is_err() {
                    break;
                }
            }
            for command in commands {
                scene.client.cancel(command);
            }
        }
        assert_in_step(&mut scene, &turns);
        scene.client.close(&mut scene.watch);
    }
}

#[test]
fn what_is_cancelled_before_the_connection_is_open_is_never_sent() {
    let mut scene = Scene::new(DataMode::Auto, Manner::Edges, Faults::None);
    let login = scene.client.start(Login::anonymous());
    scene.client.cancel(login);
    let noop = scene.client.start(Exchange::help(None));
    scene.outcome(&mut App::default(), noop).unwrap();
    assert_eq!(scene.world.log(0).len(), 1);
    scene.client.close(&mut scene.watch);
}
