//! The methods that the manual's page for users of suppaftp names do the tasks that it says.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::time::Duration;

use ftp_blocking::proto::{DataMode, Timeouts};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Result};

/// Calls `act` with a client that is logged in, and returns the files of the server afterwards.
fn with_client(act: impl FnOnce(&mut Client) -> Result<()>) -> Files {
    let files = Files::new()
        .file("/a.txt", "one\ntwo\n")
        .file("/dir/b.bin", "0123");
    let server = Loopback::start(ServerConfig::new().user("ann", "secret"), files).unwrap();
    let host = server.address().to_string();
    let timeouts = Timeouts::all(Duration::from_secs(30)); // connect_timeout
    let builder = Client::builder().timeouts(timeouts);
    let mut ftp = builder.connect(&host).unwrap(); // connect
    assert_eq!(ftp.welcome().code().get(), 220); // get_welcome_msg
    ftp.login("ann", "secret").unwrap(); // login
    act(&mut ftp).unwrap();
    ftp.quit().unwrap(); // quit
    server.files()
}

#[test]
fn directories() {
    let files = with_client(|ftp| {
        ftp.cwd("dir")?; // cwd
        assert_eq!(ftp.pwd()?.as_bytes(), b"/dir"); // pwd
        ftp.cdup()?; // cdup
        ftp.mkdir("made")?; // mkdir
        ftp.rmdir("made")?; // rmdir
        ftp.rename("a.txt", "c.txt")?; // rename
        ftp.rm("c.txt")?; // rm
        ftp.create_dir_all("x/y")
    });
    assert!(files.get("/made").is_none() && files.get("/c.txt").is_none());
    assert!(files.get("/x/y").is_some_and(|entry| entry.is_directory()));
}

#[test]
fn downloads() {
    with_client(|ftp| {
        let mut text = Vec::new();
        ftp.retrieve("dir/b.bin")?.read_to_end(&mut text).unwrap(); // retr, retr_as_stream
        ftp.retrieve_to("dir/b.bin", &mut text)?; // retr_as_buffer
        ftp.retrieve_at("dir/b.bin", 2)?.copy_to(&mut text)?; // resume_transfer
        assert_eq!(text, b"0123012323");
        ftp.set_data_mode(DataMode::Active); // active_mode, set_mode
        let mut lines = 0;
        ftp.retrieve_lines("a.txt", |_| lines += 1)?; // transfer_type, get_lines_from_stream
        assert_eq!(lines, 2);
        ftp.download_command("RETR a.txt")?.finish()?; // custom_data_command
        ftp.retrieve("a.txt")?.abort().unwrap_err(); // abort
        ftp.noop() // noop
    });
}

#[test]
fn uploads() {
    let files = with_client(|ftp| {
        ftp.store_from("d", &mut &b"01"[..])?; // put_file
        ftp.append_from("d", &mut &b"23"[..])?; // append_file
        let mut upload = ftp.store("e")?; // put_with_stream
        upload.write_all(b"45").unwrap();
        upload.finish()?;
        let mut upload = ftp.append("e")?; // append_with_stream
        upload.write_all(b"67").unwrap();
        upload.finish()?;
        Ok(())
    });
    assert_eq!(files.content("/d"), Some(&b"0123"[..]));
    assert_eq!(files.content("/e"), Some(&b"4567"[..]));
}

#[test]
fn listings_and_the_rest() {
    with_client(|ftp| {
        assert_eq!(ftp.list("")?.len(), 2); // list, with ListParser
        assert_eq!(ftp.dir("")?.len(), 2); // list, raw
        assert_eq!(ftp.nlst("dir")?.len(), 1); // nlst
        let mut entries = 0;
        ftp.mlsd("dir", |_| entries += 1)?; // mlsd
        assert!(entries >= 1);
        ftp.mlst("a.txt")?; // mlst
        ftp.modified("a.txt")?; // mdtm
        assert_eq!(ftp.size_in_bytes("a.txt")?, 8); // size
        ftp.features()?; // feat
        assert_eq!(ftp.command("NOOP")?.code().get(), 200); // custom_command
        ftp.command("OPTS UTF8 ON")?; // opts
        ftp.keep_alive()
    });
}
