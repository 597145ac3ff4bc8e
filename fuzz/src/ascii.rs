//! The line ends of the ASCII representation: plain replacement of the whole text is the oracle.

use ftp_proto::ascii::{Decoder, Encoder};

use crate::{CUTS, pieces};

/// Takes the input as a text, and as what is on the wire.
pub fn check(input: &[u8]) {
    for cuts in CUTS {
        assert_eq!(decode(input, cuts), plain_decode(input));
        assert_eq!(encode(Encoder::new(), input, cuts), plain_encode(input));
        let terminated = encode(Encoder::terminating(), input, cuts);
        assert_eq!(terminated, plain_terminate(input));
    }
    let wire = encode(Encoder::new(), input, &[]);
    assert_eq!(
        decode(&wire, &[3]),
        plain_decode(input),
        "a CRLF stays one line end; everything else comes back"
    );
}

fn decode(wire: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut decoder = Decoder::new();
    let mut text = Vec::new();
    let (mut copying, mut copied) = (Decoder::new(), Vec::new());
    for mut piece in pieces(wire, cuts) {
        copying.decode(piece, &mut copied);
        while let Some(run) = decoder.next_run(&mut piece) {
            assert!(!run.is_empty());
            text.extend_from_slice(run);
        }
        assert!(piece.is_empty());
    }
    assert_eq!((copying, &copied), (decoder, &text));
    text.extend_from_slice(decoder.finish());
    assert_eq!(decoder, Decoder::new(), "an ended decoder is as new");
    text
}

fn encode(mut encoder: Encoder, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let new = encoder;
    let mut wire = Vec::new();
    let (mut copying, mut copied) = (encoder, Vec::new());
    for mut piece in pieces(text, cuts) {
        copying.encode(piece, &mut copied);
        while let Some(run) = encoder.next_run(&mut piece) {
            assert!(!run.is_empty());
            wire.extend_from_slice(run);
        }
        assert!(piece.is_empty());
    }
    assert_eq!((copying, &copied), (encoder, &wire));
    wire.extend_from_slice(encoder.finish());
    assert_eq!(encoder, new, "an ended encoder is as new");
    wire
}

fn plain_decode(wire: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for (at, &byte) in wire.iter().enumerate() {
        if byte != b'\r' || wire.get(at + 1) != Some(&b'\n') {
            text.push(byte);
        }
    }
    text
}

fn plain_encode(text: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for &byte in text {
        if byte == b'\n' && wire.last() != Some(&b'\r') {
            wire.push(b'\r');
        }
        wire.push(byte);
    }
    wire
}

fn plain_terminate(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    if !text.is_empty() && text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    plain_encode(&text)
}
