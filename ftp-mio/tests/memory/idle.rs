//! A session that has nothing to do asks for nothing.

use std::time::Duration;

use ftp_mio::Progress;
use ftp_mio::proto::operation::{Exchange, Login, Retrieve};
use ftp_mio::proto::{Argument, DataMode};

use crate::scenario::{App, Scene, content};
use crate::world::{Faults, Manner};

#[test]
fn an_idle_session_asks_for_no_turn_and_has_no_deadline() {
    for manner in [Manner::Edges, Manner::Levels, Manner::Single] {
        let mut scene = Scene::new(DataMode::Auto, manner, Faults::None);
        let mut app = App::default();
        let login = scene.client.start(Login::anonymous());
        scene.outcome(&mut app, login).unwrap();
        scene.run_until(&mut app, |client| !client.needs_turn());
        scene.watch.events();
        for _ in 0..10_000 {
            assert!(!scene.client.needs_turn());
            assert_eq!(scene.client.deadline(), None);
            assert_eq!(scene.client.timeout(scene.now), None);
            assert!(!scene.world.step());
            assert!(scene.watch.events().0.is_empty());
            scene.now += Duration::from_secs(1);
        }
        let noop = scene.client.start(Exchange::noop());
        assert!(scene.client.needs_turn());
        scene.outcome(&mut app, noop).unwrap();
        scene.client.close(&mut scene.watch);
    }
}

#[test]
fn needless_turns_do_no_harm() {
    let mut scene = Scene::new(DataMode::Auto, Manner::Liar, Faults::None);
    let mut app = App::default();
    let login = scene.client.start(Login::anonymous());
    scene.outcome(&mut app, login).unwrap();
    let calls = scene.world.calls();
    for _ in 0..10_000 {
        scene.now += Duration::from_secs(1);
        for (slot, ready) in scene.watch.events().0 {
            scene.client.ready(slot, ready);
        }
        scene.client.turn(scene.now, &mut scene.watch);
        assert!(!scene.client.needs_turn());
        assert_eq!(scene.client.deadline(), None);
    }
    assert!(
        scene.world.calls() - calls <= 30_000,
        "few calls for each turn"
    );
    scene.client.close(&mut scene.watch);
}

/// An application that takes nothing stops the idle limit, the kernel stops the server, and nobody
/// needs turns.
#[test]
fn an_application_that_holds_back_payload_costs_nothing() {
    for manner in [Manner::Edges, Manner::Levels, Manner::Single] {
        let mut scene = Scene::new(DataMode::Auto, manner, Faults::None);
        let mut app = App::default();
        let login = scene.client.start(Login::anonymous());
        scene.outcome(&mut app, login).unwrap();
        let argument = Argument::new("a.bin").unwrap();
        let download = scene.client.start(Retrieve::new(argument));
        while scene.client.data_mut().is_none() || scene.client.needs_turn() {
            scene.client.turn(scene.now, &mut scene.watch);
            scene.world.step();
            for (slot, ready) in scene.watch.events().0 {
                scene.client.ready(slot, ready);
            }
        }
        let turns_before = scene.world.calls();
        for _ in 0..1000 {
            scene.now += Duration::from_secs(1);
            assert_eq!(scene.client.timeout(scene.now), None);
            assert!(scene.watch.events().0.is_empty(), "{manner:?}");
        }
        assert_eq!(scene.world.calls(), turns_before);
        scene.outcome(&mut app, download).unwrap();
        assert_eq!(app.received, content());
        scene.client.close(&mut scene.watch);
    }
}

/// A turn moves no more than its budget, and what is left is not forgotten although no event tells
/// of it again.
#[test]
fn a_budget_ends_a_turn_and_not_the_transfer() {
    let mut scene = Scene::new(DataMode::Auto, Manner::Edges, Faults::None);
    let mut app = App::default();
    let login = scene.client.start(Login::anonymous());
    scene.outcome(&mut app, login).unwrap();
    let argument = Argument::new("a.bin").unwrap();
    let download = scene.client.start(Retrieve::new(argument));
    scene.run_until(&mut app, |client| client.data_mut().is_some());
    let mut buffer = [0; 4096];
    let mut most = 0;
    while scene.client.data_mut().is_some() {
        let mut of_turn = 0;
        while let Some(Progress::Bytes(count)) = scene
            .client
            .data_mut()
            .map(|mut data| data.read(&mut buffer))
        {
            of_turn += count;
            app.received.extend_from_slice(&buffer[..count]);
            // The pipe is filled again while the turn lasts: without a budget it would last to the
            // end of the file.
            scene.world.step();
        }
        most = most.max(of_turn);
        if !scene.client.needs_turn() {
            scene.world.step();
            for (slot, ready) in scene.watch.events().0 {
                scene.client.ready(slot, ready);
            }
        }
        scene.client.turn(scene.now, &mut scene.watch);
    }
    assert_eq!(most, 1000);
    scene.outcome(&mut app, download).unwrap();
    assert_eq!(app.received, content());
    scene.client.close(&mut scene.watch);
}
