//! Trace texts: what is read is written the same, and a replay is the same each time.

use ftp_proto::trace::{Record, replay};

/// No more lines are read of one input.
const LINES_MAX: usize = 200;

/// The input is a trace, a record in a line.
pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let records: Vec<Record> = text.lines().take(LINES_MAX).filter_map(read).collect();
    let Ok(first) = replay(&records) else {
        return;
    };
    for record in &first.records {
        is_read_again(record);
    }
    // What the application chose is part of the record.
    let choices = |records: &[Record]| {
        let chosen = records
            .iter()
            .filter(|it| matches!(it, Record::DataModeSet(_)));
        chosen.count()
    };
    let is_cut = |it: &Record| matches!(it, Record::DetailSet(_) | Record::Dropped(_));
    if !first.records.iter().any(is_cut) {
        assert_eq!(choices(&first.records), choices(&records));
    }
    // A session that is given its own record does the same again.
    let Ok(second) = replay(&first.records) else {
        panic!("the record of a replay is no trace: {:?}", first.records);
    };
    // A masked command is shorter than the real one, so a write that ended within it, or behind it,
    // counts for more in a replay of the record.
    if first.records.iter().any(hides_a_secret) {
        return;
    }
    let difference = second.difference(&first.records);
    assert!(difference.is_none(), "{difference:?}");
    assert_eq!(second.state, first.state);
}

fn hides_a_secret(record: &Record) -> bool {
    let Record::Command(command) = record else {
        return false;
    };
    let argument = command.argument().map(|argument| argument.as_bytes());
    argument.is_some_and(|argument| argument.ends_with(b"*"))
}

fn read(line: &str) -> Option<Record> {
    let record = line.parse().ok()?;
    is_read_again(&record);
    Some(record)
}

/// A record is one line, which is read as the same record. Secrets are written as asterisks, and
/// stay asterisks.
fn is_read_again(record: &Record) {
    let written = record.to_string();
    assert!(!written.contains(['\n', '\r']), "{written:?}");
    let Ok(again) = written.parse::<Record>() else {
        panic!("{written:?} is not read");
    };
    assert_eq!(again.to_string(), written);
    if !written.contains('*') {
        assert_eq!(again, *record, "{written:?}");
    }
}
