//! Sessions that are lost or not made, and the end of a mirror.

use ftp_proto::tree::{Listing, Object};

use super::*;

fn setup(local: &TempDir) -> MirrorSetup<'static> {
    MirrorSetup::new("", local.path(), MirrorOptions::up())
}

/// The first session is tried again, and one that was lost. A further one is not, and its errand
/// is for the others.
#[test]
fn a_session_that_is_not_opened_leaves_its_errand_to_the_others() {
    for (has_begun, replaces, comes_again) in [
        (false, false, true),
        (false, true, true),
        (true, true, true),
        (true, false, false),
    ] {
        let local = TempDir::new().unwrap();
        let mut mirroring = setup(&local).sessions(2).perform(set_times()).unwrap();
        let first = mirroring.next_errand().unwrap();
        if has_begun {
            assert!(mirroring.begin(&first));
        }
        let second = mirroring.next_errand().unwrap();
        let step = second.step().cloned();
        let again = mirroring.not_opened(second, lost(Verb::User), replaces, 0);
        assert_eq!(again.is_some(), comes_again, "{has_begun} {replaces}");
        let again = again.or_else(|| mirroring.next_errand()).unwrap();
        assert_eq!(again.step().cloned(), step);
        assert_eq!(again.waiting().is_some(), comes_again);
        // The server does not let anybody in: not even the last session goes on.
        let refused = || refusal(530, Verb::Pass);
        assert!(mirroring.not_opened(again, refused(), true, 0).is_none());
        let has_ended = mirroring.next_errand().is_none();
        assert_eq!(has_ended, !comes_again);
        if has_ended {
            assert!(mirroring.is_over() && !mirroring.begin(&first));
            let error = mirroring.into_result().unwrap_err();
            assert_eq!(error.to_string(), refused().to_string());
        } else {
            assert!(!mirroring.is_over() && mirroring.into_result().is_ok());
        }
    }
}

/// A session that is lost in the midst is made anew after a pause, which is reported.
#[test]
fn an_errand_waits_for_another_session() {
    let local = TempDir::new().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let setup = setup(&local).progress(move |event| {
        if let MirrorEvent::Waiting(waiting) = event {
            heard.lock().unwrap().push(waiting.next_try);
        }
        ControlFlow::Continue(())
    });
    let mut mirroring = setup.perform(set_times()).unwrap();
    let mut errand = mirroring.next_errand().unwrap();
    assert!(mirroring.begin(&errand) && errand.next_work().is_some());
    errand.take(Err(lost(Verb::Pwd)), 0);
    assert!(!errand.waiting().unwrap().pause.is_zero() && mirroring.waits(&errand));
    errand.not_connected(lost(Verb::User), 0);
    assert!(mirroring.waits(&errand));
    assert!(errand.next_work().is_some() && errand.waiting().is_none());
    assert_eq!(*told.lock().unwrap(), [2, 3]);

    errand.not_connected(refusal(530, Verb::Pass), 0);
    assert!(errand.waiting().is_none() && errand.next_work().is_none());
    mirroring.finish(errand);
    assert_eq!(mirroring.into_result().unwrap().failed.len(), 1);
}

/// What is stopped neither waits nor works, and is neither done nor failed.
#[test]
fn a_stopped_errand_has_no_outcome() {
    let local = TempDir::new().unwrap();
    let mut mirroring = setup(&local).perform(set_times()).unwrap();
    let mut errand = mirroring.next_errand().unwrap();
    assert!(errand.next_work().is_some());
    errand.take(Err(lost(Verb::Pwd)), 0);
    errand.stop();
    assert!(errand.waiting().is_none() && errand.next_work().is_none());
    mirroring.stop();
    mirroring.finish(errand);
    let mirrored = mirroring.into_result().unwrap();
    assert!(mirrored.is_stopped && mirrored.failed.is_empty());
}

/// It is over when no task is left and none is under way that could bring more.
#[test]
fn a_mirror_is_over_when_its_last_errand_is() {
    let local = TempDir::new().unwrap();
    let mut mirroring = setup(&local)
        .perform(set_times().into_iter().take(1))
        .unwrap();
    assert!(!mirroring.is_over());
    let mut errand = mirroring.next_errand().unwrap();
    assert!(mirroring.next_errand().is_none() && !mirroring.is_over());
    errand.stop();
    mirroring.finish(errand);
    let _ = mirroring.is_over();

    let mut reading = setup(&local).perform([]).unwrap();
    assert!(reading.is_over() && reading.next_errand().is_none());

    let mut stopped = setup(&local).start().unwrap();
    stopped.stop();
    assert!(stopped.is_over() && stopped.next_errand().is_none());
}

/// How much there is to copy is reported whenever more is known, and only then.
#[test]
fn what_is_planned_is_told_when_it_grows() {
    let local = TempDir::new().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::down());
    let setup = setup.dry_run().progress(move |event| {
        match event {
            MirrorEvent::Planned { bytes } => heard.lock().unwrap().push(bytes),
            MirrorEvent::Bytes { .. } => panic!("nothing moves"),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    let (_, mirrored) = traced(setup.start().unwrap(), |work, _| {
        let file = |name| Object::file(name).with_size(5);
        let objects = match work {
            "read " => vec![file("a"), file("b"), Object::directory("d")],
            _ => vec![file("c")],
        };
        Ok(Answer::Listing(Ok(Listing::complete(objects))))
    });
    assert_eq!(mirrored.copied, 3);
    assert_eq!(*told.lock().unwrap(), [10, 15]);
}
