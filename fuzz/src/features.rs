//! The reply to FEAT.

use ftp_proto::features::{Features, FeaturesError};
use ftp_proto::reply::{Reply, ReplyCode};

/// The input is the text of the reply, lines joined by LF.
pub fn check(input: &[u8]) {
    let refused = Reply::new(ReplyCode::NOT_UNDERSTOOD, input);
    assert_eq!(Features::decode(&refused), Err(FeaturesError::Code));

    let Ok(features) = Features::decode(&Reply::new(ReplyCode::SYSTEM_STATUS, input)) else {
        panic!("a positive reply was refused");
    };
    assert_eq!(listed(&features), plain(input));
    queries_agree(&features);

    let again = Features::decode(&Reply::new(ReplyCode::SYSTEM_STATUS, &encode(&features)));
    assert_eq!(
        again,
        Ok(features),
        "what was decoded is decoded to the same again"
    );
}

type Listed = Vec<(String, Vec<u8>)>;

fn listed(features: &Features) -> Listed {
    features
        .iter()
        .map(|feature| {
            let parameters = feature.parameters().unwrap_or_default();
            (feature.name().to_owned(), parameters.to_vec())
        })
        .collect()
}

/// What stands between the first and the last line.
fn plain(text: &[u8]) -> Listed {
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let [_, between @ .., _] = lines.as_slice() else {
        return Listed::new();
    };
    let mut listed = Listed::new();
    for line in between {
        let line = line.trim_ascii();
        let end = line
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(line.len());
        let (name, parameters) = line.split_at(end);
        if !name.is_empty() {
            let name = String::from_utf8_lossy(name).to_ascii_uppercase();
            listed.push((name, parameters.trim_ascii().to_vec()));
        }
    }
    listed
}

fn queries_agree(features: &Features) {
    for feature in features.iter() {
        assert!(features.has(feature.name()));
        assert!(features.has(&feature.name().to_ascii_lowercase()));
    }
    let has = |name: &str| features.iter().any(|feature| feature.name() == name);
    assert_eq!(features.has_utf8(), has("UTF8"));
    assert_eq!(features.has_tvfs(), has("TVFS"));
    assert_eq!(features.has_mlsd(), has("MLST") || has("MLSD"));
    assert_eq!(features.facts().is_some(), has("MLST"));
    stars_are_told(features);
    for fact in features.facts().into_iter().flatten() {
        assert!(!fact.name.is_empty());
        assert_eq!(fact.name, fact.name.to_ascii_lowercase());
        assert!(!fact.name.contains([' ', ';', ',', '\n']));
    }
}

/// A star behind a fact marks a default, and is no part of its name.
fn stars_are_told(features: &Features) {
    let Some(feature) = features.iter().find(|feature| feature.name() == "MLST") else {
        return;
    };
    let parameters = String::from_utf8_lossy(feature.parameters().unwrap_or_default());
    let separates = |c: char| matches!(c, ' ' | '\t' | '\r' | '\x0c' | ';' | ',');
    let words = parameters
        .split(separates)
        .filter(|word| !matches!(*word, "" | "*"));
    let told: Vec<bool> = words.map(|word| word.ends_with('*')).collect();
    let facts = features.facts().unwrap_or_default();
    let found: Vec<bool> = facts.iter().map(|fact| fact.default).collect();
    assert_eq!(found, told);
}

fn encode(features: &Features) -> Vec<u8> {
    let mut text = b"Features:".to_vec();
    for feature in features.iter() {
        text.extend_from_slice(b"\n ");
        text.extend_from_slice(feature.name().as_bytes());
        text.push(b' ');
        text.extend_from_slice(feature.parameters().unwrap_or_default());
    }
    text.extend_from_slice(b"\nEnd");
    text
}
