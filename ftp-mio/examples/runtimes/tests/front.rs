//! The asynchronous front, under smol and under tokio.

use std::time::Instant;

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_mio::Client;
use ftp_mio::proto::DataMode;
use ftp_mio::proto::operation::Login;
use ftp_mio_runtimes::front::Ftp;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use tokio_util::compat::{FuturesAsyncReadCompatExt, FuturesAsyncWriteCompatExt};

const HALF: usize = 300_000;

fn content() -> Vec<u8> {
    (0..2 * HALF).map(|at| (at % 251) as u8).collect()
}

fn server() -> Loopback {
    Loopback::start(ServerConfig::new(), Files::new().file("/data.bin", content())).unwrap()
}

async fn logged_in(server: &Loopback, mode: DataMode) -> Ftp {
    let client = Client::builder().data_mode(mode).connect_to([server.address()], Instant::now());
    let mut ftp = Ftp::over(client);
    ftp.login(Login::anonymous()).await.unwrap();
    ftp
}

async fn read(ftp: &mut Ftp, path: &str, offset: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut download = ftp.retrieve(path, offset as u64).await.unwrap();
    download.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(download.finish().await.unwrap().bytes, bytes.len() as u64);
    bytes
}

async fn write(ftp: &mut Ftp, path: &str, bytes: &[u8], offset: usize) {
    let mut upload = ftp.store(path, offset as u64).await.unwrap();
    upload.write_all(bytes).await.unwrap();
    assert_eq!(upload.finish().await.unwrap().bytes, bytes.len() as u64);
}

#[test]
fn moves_files_both_ways_and_in_parts() {
    for mode in [DataMode::Auto, DataMode::AnyActive] {
        let server = server();
        smol::block_on(async {
            let mut ftp = logged_in(&server, mode).await;
            assert!(read(&mut ftp, "data.bin", 0).await == content());
            assert!(read(&mut ftp, "data.bin", HALF).await == content()[HALF..]);
            write(&mut ftp, "up.bin", &content()[..HALF], 0).await;
            write(&mut ftp, "up.bin", &content()[HALF..], HALF).await;
            assert!(read(&mut ftp, "up.bin", 0).await == content());
            ftp.quit().await.unwrap();
        });
    }
}

#[test]
fn has_the_other_operations() {
    let server = server();
    smol::block_on(async {
        let mut ftp = Ftp::connect(server.address());
        ftp.login(Login::anonymous()).await.unwrap();
        assert_eq!(ftp.pwd().await.unwrap().as_bytes(), b"/");
        ftp.mkdir("new").await.unwrap();
        ftp.cwd("new").await.unwrap();
        write(&mut ftp, "a", b"hello", 0).await;
        ftp.rename("a", "b").await.unwrap();
        assert_eq!(ftp.size("b").await.unwrap(), 5);
        assert!(ftp.exists("b").await.unwrap());
        assert_eq!(ftp.list("").await.unwrap().len(), 1);
        assert_eq!(ftp.names("").await.unwrap().len(), 1);
        ftp.rm("b").await.unwrap();
        assert!(!ftp.exists("b").await.unwrap());
        ftp.cwd("..").await.unwrap();
        ftp.rmdir("new").await.unwrap();
        let missing = ftp.retrieve("missing", 0).await.err().unwrap();
        assert!(missing.is_permanent(), "{missing}");
        ftp.noop().await.unwrap();
        ftp.quit().await.unwrap();
    });
}

/// A stream or future that is dropped costs the transfer, not the session; half an upload is not
/// taken for a whole file.
#[test]
fn survives_drops_at_every_await() {
    let server = server();
    smol::block_on(async {
        let mut ftp = logged_in(&server, DataMode::Auto).await;
        for awaits in 0..12 {
            let mut left = awaits;
            // Wakes itself as often as it is polled, and is over after so many polls.
            let tired = future::poll_fn(|cx| {
                if left == 0 {
                    return std::task::Poll::Ready(());
                }
                left -= 1;
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            });
            let reading = async {
                read(&mut ftp, "data.bin", 0).await;
            };
            future::or(reading, tired).await;
            assert!(read(&mut ftp, "data.bin", HALF).await == content()[HALF..]);
        }
        let mut upload = ftp.store("half.bin", 0).await.unwrap();
        upload.write_all(b"half").await.unwrap();
        drop(upload);
        ftp.noop().await.unwrap();
        assert!(read(&mut ftp, "data.bin", 0).await == content());
        ftp.quit().await.unwrap();
    });
}

#[test]
fn goes_with_tokio_s_traits_and_tasks() {
    let server = server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let task = async move {
        let mut ftp = logged_in(&server, DataMode::Auto).await;
        let mut bytes = Vec::new();
        let mut download = ftp.retrieve("data.bin", 0).await.unwrap().compat();
        tokio::io::AsyncReadExt::read_to_end(&mut download, &mut bytes).await.unwrap();
        download.into_inner().finish().await.unwrap();
        assert!(bytes == content());

        let mut upload = ftp.store("up.bin", 0).await.unwrap().compat_write();
        tokio::io::AsyncWriteExt::write_all(&mut upload, &bytes).await.unwrap();
        tokio::io::AsyncWriteExt::shutdown(&mut upload).await.unwrap();
        drop(upload);
        assert!(read(&mut ftp, "up.bin", 0).await == content());
        ftp.quit().await.unwrap();
    };
    runtime.block_on(runtime.spawn(task)).unwrap();
}
