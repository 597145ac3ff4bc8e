//! Runs a recorded session again: `cargo run --example replay -- FILE`.
//!
//! FILE holds trace records, one in a line, as a client writes them at full detail. Nothing is
//! connected to; the session gets the inputs that it got then, at the times that it got them. What
//! it does is printed, and whether that is the same as then.

use std::error::Error;

use ftp_proto::trace::{Record, replay};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: replay FILE")?;
    let text = std::fs::read_to_string(path)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    let records = lines.map(str::parse).collect::<Result<Vec<Record>, _>>()?;

    let replayed = replay(&records)?;
    for record in &replayed.records {
        if matches!(
            record,
            Record::Command(_) | Record::Reply(_) | Record::Performed(_)
        ) {
            println!("{record}");
        }
    }
    for event in &replayed.events {
        println!("event {event:?}");
    }
    println!("state {:?}", replayed.state);

    match replayed.difference(&records) {
        None => println!("the same as recorded: {} records", records.len()),
        Some((index, then, now)) => {
            let shown = |record: Option<&Record>| {
                record.map_or_else(|| "(nothing)".to_owned(), ToString::to_string)
            };
            println!(
                "line {} differs\n  then: {}\n  now:  {}",
                index + 1,
                shown(then),
                shown(now)
            );
            return Err("the session did not do the same again".into());
        }
    }
    Ok(())
}
