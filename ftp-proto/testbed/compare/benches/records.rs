//! Opening the TLS records of a mebibyte, in pieces as a socket gives them.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Context, Purpose};
use ftp_testbed::servers::{AUTHORITY, Certificate};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};

const PLAIN_BYTES: usize = 1 << 20;
const PIECE_BYTES: usize = 64 * 1024;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Both ends, after the handshake.
fn connected() -> Outcome<(Channel, ServerConnection)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes())?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut channel = Context::for_host(&config, "localhost")?.channel(Purpose::Explicit)?;
    let certificate = CertificateDer::from_pem_slice(Certificate::Good.pem().as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(Certificate::Good.key().as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let mut server = ServerConnection::new(Arc::new(config))?;
    server.set_buffer_limit(None);
    while channel.is_handshaking() || server.is_handshaking() {
        let sent = channel.transmit().to_vec();
        channel.transmitted(sent.len());
        let mut rest = sent.as_slice();
        while server.read_tls(&mut rest)? > 0 {
            server.process_new_packets()?;
        }
        channel.receive(&sealed(&mut server)?);
        let _ = channel.read(&mut [0; 64])?;
    }
    Ok((channel, server))
}

fn sealed(server: &mut ServerConnection) -> Outcome<Vec<u8>> {
    let mut sealed = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut sealed)?;
    }
    Ok(sealed)
}

fn open(channel: &mut Channel, sealed: &[u8], buffer: &mut [u8]) -> usize {
    let mut opened = 0;
    for piece in sealed.chunks(PIECE_BYTES) {
        channel.receive(piece);
        while let Ok(Some(Input::Bytes(count))) = channel.read(buffer) {
            opened += black_box(count);
        }
    }
    opened
}

fn records(criterion: &mut Criterion) {
    let (mut channel, mut server) = connected().unwrap_or_else(|error| panic!("{error}"));
    let plain = vec![7; PLAIN_BYTES];
    let mut buffer = vec![0; PIECE_BYTES];
    let mut group = criterion.benchmark_group("records");
    group.throughput(Throughput::Bytes(PLAIN_BYTES as u64));
    group.bench_function("open", |bencher| {
        bencher.iter_batched(
            || {
                let written = server.writer().write_all(&plain);
                written
                    .map_err(Into::into)
                    .and_then(|()| sealed(&mut server))
            },
            |sealed: Outcome<Vec<u8>>| {
                let sealed = sealed.unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(open(&mut channel, &sealed, &mut buffer), PLAIN_BYTES);
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, records);
criterion_main!(benches);
