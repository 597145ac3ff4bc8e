//! Replies to FEAT.

use ftp_proto::features::{Features, FeaturesError};
use ftp_proto::reply::Limits;

use crate::{limited_reply, reply};

#[track_caller]
fn features(lines: &str) -> Features {
    Features::decode(&reply(lines)).unwrap()
}

/// Names and parameters.
fn listed(features: &Features) -> Vec<(&str, Option<&str>)> {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    features
        .iter()
        .map(|feature| (feature.name(), feature.parameters().map(text)))
        .collect()
}

/// Names of facts, and whether they are sent by default.
fn facts(features: &Features) -> Option<Vec<(String, bool)>> {
    let facts = features.facts()?;
    Some(
        facts
            .into_iter()
            .map(|fact| (fact.name, fact.default))
            .collect(),
    )
}

#[test]
fn one_feature_on_each_line() {
    let features = features("211-Features:\n MDTM\n SIZE\n UTF8\n211 End");
    assert_eq!(
        listed(&features),
        [("MDTM", None), ("SIZE", None), ("UTF8", None)]
    );
    assert_eq!(features.facts(), None);
    assert!(features.has("MDTM") && features.has("size") && features.has_utf8());
    assert!(
        !features.has("MDT")
            && !features.has("End")
            && !features.has_mlsd()
            && !features.has_tvfs()
    );
}

#[test]
fn lines_in_other_shapes() {
    let expected = [("MDTM", None), ("SIZE", None)];
    for lines in [
        "211-Features:\n211-MDTM\n211-SIZE\n211 End",
        "211-Features:\nMDTM\nSIZE\n211 End",
        "211-Features:\n\tMDTM\n  SIZE  \n\n211 End",
        "211-Features:\n mdtm\n Size\n211",
        "214-Features:\r\n mdtm\r\n Size\r\n214 End\r",
    ] {
        assert_eq!(listed(&features(lines)), expected, "{lines}");
    }
}

#[test]
fn parameters_are_kept_as_sent() {
    let features = features(
        "211-Features:\n Rest Stream\n HASH  SHA-512*;SHA-256;MD5 \n LANG\ten-US*;fr\n211 End",
    );
    let expected = [
        ("REST", Some("Stream")),
        ("HASH", Some("SHA-512*;SHA-256;MD5")),
        ("LANG", Some("en-US*;fr")),
    ];
    assert_eq!(listed(&features), expected);
    assert!(features.has_rest_stream());
    assert!(features.has_parameter("hash", "sha-512") && features.has_parameter("LANG", "fr"));
    assert!(!features.has_parameter("HASH", "SHA") && !features.has_parameter("REST", "en-US"));
}

#[test]
fn a_feature_may_occur_twice() {
    let features = features("211-Features:\n AUTH TLS\n AUTH SSL\n PBSZ\n PROT\n211 End");
    assert_eq!(features.named("auth").count(), 2);
    assert_eq!(
        listed(&features)[..2],
        [("AUTH", Some("TLS")), ("AUTH", Some("SSL"))]
    );
    for mechanism in ["tls", "SSL"] {
        assert!(features.has_parameter("AUTH", mechanism));
    }
    assert!(!features.has_parameter("PBSZ", "TLS"));
}

#[test]
fn lists_of_parameters() {
    for line in [
        "AUTH TLS;SSL;TLS-P;",
        "AUTH TLS SSL TLS-P",
        "AUTH SSL,TLS-P,TLS",
    ] {
        let features = features(&format!("211-Features:\n {line}\n211 End"));
        for mechanism in ["TLS", "ssl", "TLS-P"] {
            assert!(features.has_parameter("AUTH", mechanism), "{line}");
        }
        assert!(!features.has_parameter("AUTH", "TLS-C") && !features.has_parameter("AUTH", ""));
    }
}

#[test]
fn facts_and_their_defaults() {
    for parameters in [
        "Type*;Size*;Modify;UNIX.mode;",
        "Type*;Size*;Modify;UNIX.mode",
        "Type*; Size*; Modify; UNIX.mode;",
    ] {
        let features = features(&format!("211-Features:\n MLST {parameters}\n211 End"));
        assert!(features.has_mlsd());
        let expected = [
            ("type", true),
            ("size", true),
            ("modify", false),
            ("unix.mode", false),
        ];
        assert_eq!(
            facts(&features),
            Some(
                expected
                    .map(|(name, default)| (name.to_owned(), default))
                    .into()
            )
        );
    }
    assert_eq!(
        facts(&features("211-Features:\n MLST\n211 End")),
        Some(vec![])
    );
    let without = features("211-Features:\n MLSD\n211 End");
    assert_eq!((facts(&without), without.has_mlsd()), (None, true));
}

#[test]
fn no_features() {
    for lines in ["211 No features", "211-Features:\n211 End", "200-\n200"] {
        let features = features(lines);
        assert_eq!(features, Features::default(), "{lines}");
        assert!(!features.has_rest_stream() && !features.has_utf8());
        assert!(!features.has_mlsd() && !features.has_tvfs());
    }
}

#[test]
fn refused() {
    for lines in [
        "500 FEAT not understood",
        "502 Not implemented",
        "530-Log in\n SIZE\n530 first",
        "350-a\n SIZE\n350 b",
    ] {
        assert_eq!(
            Features::decode(&reply(lines)),
            Err(FeaturesError::Code),
            "{lines}"
        );
    }
}

#[test]
fn truncated_lists_are_used_as_far_as_they_go() {
    let limits = Limits {
        reply_lines_max: 3,
        ..Limits::default()
    };
    let reply = limited_reply("211-Features:\n SIZE\n MDTM\n TVFS\n211 End", limits);
    let features = Features::decode(&reply).unwrap();
    assert_eq!(listed(&features), [("SIZE", None), ("MDTM", None)]);
}

#[test]
fn names_that_are_not_utf8() {
    let features = Features::decode(&reply(b"211-Features:\n caf\xe9 \xe9\n211 End")).unwrap();
    let feature = features.iter().next().unwrap();
    assert_eq!(
        (feature.name(), feature.parameters()),
        ("CAF\u{fffd}", Some(b"\xe9".as_slice()))
    );
}

#[test]
fn a_star_alone_is_no_fact() {
    let features = Features::decode(&reply("211-F:\n MLST size*;*;;\n211 End")).unwrap();
    let facts = features.facts().unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!(facts[0].name, "size");
    assert!(!features.has_parameter("MLST", ""));
}

#[test]
fn features_that_have_a_question_of_their_own() {
    let features = features("211-F:\n rest stream\n utf8\n tvfs\n MLSD\n211 End");
    assert!(features.has_rest_stream() && features.has_utf8());
    assert!(features.has_mlsd() && features.has_tvfs());
}
