//! Files on their way: what is resumed, what is kept, and what is sent again.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use ftp_proto::Policy;
use ftp_proto::retry::Retry;
use ftp_proto::tree::PartName;

use super::*;

fn time() -> Timestamp {
    Timestamp::from_unix_time(86_400).unwrap()
}

/// A download of a file that was listed with 5 bytes.
fn fetch(kind: StepKind) -> Step {
    Step::new(kind, path("a"))
        .with_size(5)
        .with_modified(time())
}

/// A local directory, with this part of that file; empty if there is none.
fn with_part(part: &str) -> (TempDir, String) {
    let local = TempDir::new().unwrap();
    let name = PartName::new(b"a", Some(5), Some(time()));
    let name = String::from_utf8(name.as_bytes().to_vec()).unwrap();
    if !part.is_empty() {
        std::fs::write(local.path().join(&name), part).unwrap();
    }
    (local, name)
}

fn download(local: &TempDir) -> Mirroring<'static> {
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::down());
    setup.perform([fetch(StepKind::Resume)]).unwrap()
}

fn receive(errand: &Errand, payload: &str) -> Answer {
    let mut file = errand.file().unwrap();
    file.write_all(payload.as_bytes()).unwrap();
    moved(payload.len() as u64)
}

/// A part and the rest make the file if they have the size that was listed. A file that came as a
/// whole is what the server has now.
#[test]
fn a_part_and_a_rest_of_another_size_are_no_file() {
    for (part, rest, whole) in [
        ("hel", "lo", Some("hello")),
        ("hel", "l", None),
        ("hel", "lo!", None),
        ("", "hello", Some("hello")),
        ("", "hell", Some("hell")),
        ("", "hello!", Some("hello!")),
    ] {
        let (local, _) = with_part(part);
        let (works, mirrored) = traced(download(&local), |_, errand| Ok(receive(errand, rest)));
        assert_eq!(works, [format!("fetch from {}", part.len())]);
        let expected: Vec<_> = whole
            .map(|it| ("a".into(), it.into()))
            .into_iter()
            .collect();
        assert_eq!(contents(&local), expected, "{part} {rest}");
        assert_eq!(mirrored.copied, u64::from(whole.is_some()));
        assert_eq!(failed(&mirrored).is_empty(), whole.is_some());
        if whole.is_some() {
            let file = std::fs::metadata(local.path().join("a")).unwrap();
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
            assert_eq!(file.modified().unwrap(), expected);
        } else {
            let text = mirrored.failed.first().unwrap().1.to_string();
            assert!(text.contains("changed since it was listed"), "{text}");
        }
    }
}

/// A server that does not resume sends the whole file. Whatever else fails says nothing of the
/// part, and what fails from the beginning is not begun again.
#[test]
fn only_a_refusal_to_resume_discards_a_part() {
    let policy = |policy| {
        let session = Session::new(Config::default(), Control::default());
        Error::Session(session.error(ErrorKind::Policy(policy), Verb::Retr), None)
    };
    let failures: [(&dyn Fn() -> Error, bool); 7] = [
        (&|| refusal(502, Verb::Rest), true),
        (&|| policy(Policy::SizeUnknown), true),
        (&|| policy(Policy::BeyondEnd), true),
        (&|| policy(Policy::DataNotProtected), false),
        (&|| refusal(450, Verb::Rest), false),
        (&|| refusal(550, Verb::Retr), false),
        (&|| Error::Spent, false),
    ];
    for (failure, whole_comes) in failures {
        let (local, part) = with_part("hel");
        let (works, mirrored) = traced(download(&local), |work, errand| match work {
            "fetch from 0" => Ok(receive(errand, "hello")),
            _ => Err(failure()),
        });
        let (expected, left): (&[_], _) = match whole_comes {
            true => (
                &["fetch from 3", "fetch from 0"],
                ("a".into(), "hello".into()),
            ),
            false => (&["fetch from 3"], (part, "hel".into())),
        };
        assert_eq!(works, expected, "{}", failure());
        assert_eq!(contents(&local), [left]);
        assert_eq!(failed(&mirrored).is_empty(), whole_comes);

        let (local, _) = with_part("");
        let (works, mirrored) = traced(download(&local), |_, _| Err(failure()));
        assert_eq!((works.len(), failed(&mirrored)), (1, vec!["a".into()]));
        assert_eq!(contents(&local), []);
    }
}

/// The report counts the bytes of the file, those of the part among them; the total counts what
/// has moved.
#[test]
fn a_part_counts_for_the_file_and_not_for_what_moved() {
    let (local, _) = with_part("hel");
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::down()).progress(move |event| {
        if let MirrorEvent::Bytes { bytes, .. } = event {
            heard.lock().unwrap().push(bytes);
        }
        ControlFlow::Continue(())
    });
    let mut mirroring = setup.perform([fetch(StepKind::Resume)]).unwrap();
    let mut errand = mirroring.next_errand().unwrap();
    assert!(mirroring.begin(&errand));
    assert_eq!(errand.offset(), 0);
    while let Some(work) = errand.next_work() {
        let outcome = match work {
            Work::Ask(_) => Answer::Path(Pathname::from("/pub")),
            _ => {
                assert_eq!(errand.offset(), 3);
                let answer = receive(&errand, "lo");
                assert!(mirroring.moved(&errand, 1, 1) && mirroring.moved(&errand, 1, 2));
                answer
            }
        };
        errand.take(Ok(outcome), 0);
    }
    mirroring.finish(errand);
    assert_eq!(mirroring.into_result().unwrap().bytes, 2);
    assert_eq!(*told.lock().unwrap(), [4, 5]);
}

/// A directory is made for a file that is refused for good, once.
#[test]
fn a_refused_upload_is_tried_again_in_a_directory_that_is_made() {
    for (first, again, expected) in [
        (553, None, &["send d/a", "make /pub/d", "send d/a"][..]),
        (553, Some(553), &["send d/a", "make /pub/d", "send d/a"]),
        (450, None, &["send d/a"]),
    ] {
        let local = TempDir::new().unwrap();
        std::fs::create_dir(local.path().join("d")).unwrap();
        std::fs::write(local.path().join("d/a"), "x").unwrap();
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
        let step = Step::new(StepKind::Send, path("d/a"));
        let mut outcomes = [Some(first), again].into_iter();
        let (works, mirrored) = traced(setup.perform([step]).unwrap(), |work, _| {
            match work.starts_with("send").then(|| outcomes.next().unwrap()) {
                Some(Some(code)) => Err(refusal(code, Verb::Stor)),
                Some(None) => Ok(moved(1)),
                None => Ok(Answer::Done),
            }
        });
        assert_eq!(works, expected, "{first}");
        let is_sent = expected.len() > 1 && again.is_none();
        assert_eq!(mirrored.copied, u64::from(is_sent));
        assert_eq!(mirrored.failed.len(), usize::from(!is_sent));
    }
}

/// What goes on by 1 KiB each time goes on as often as the connection breaks. What brings less has
/// an end.
#[test]
fn a_download_that_goes_on_counts_its_tries_anew() {
    for (piece, expected) in [
        (1024, &[0, 1024, 2048, 3072, 4096][..]),
        (1023, &[0, 1023]),
        (0, &[0, 0]),
    ] {
        let local = TempDir::new().unwrap();
        let mut policy = Retry::default();
        policy.tries_max = 2;
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::down()).retry(policy);
        let step = Step::new(StepKind::Fetch, path("a"));
        let step = step.with_size(5 * 1024).with_modified(time());
        let (works, mirrored) = traced(setup.perform([step]).unwrap(), |_, errand| {
            let answer = receive(errand, &"x".repeat(piece));
            match errand.offset() {
                4096 => Ok(answer),
                _ => Err(lost(Verb::Retr)),
            }
        });
        let offsets = expected.iter().map(|at| format!("fetch from {at}"));
        assert_eq!(works, offsets.collect::<Vec<_>>());
        assert_eq!(mirrored.copied, u64::from(piece == 1024));
    }
}
