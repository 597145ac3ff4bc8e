//! However much a server sends, only so much of it is held: for each kind of input without end, the
//! most that is held, beside a bound that follows from the limits. The control connection is
//! measured in clear and over TLS.
//!
//! What is compared with the bound is the sum of what was held before a call and of all that the
//! call allocated: no moment within the call can have held more. The manual's page "security" has
//! the same table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod around;
mod control;
#[path = "../counting/mod.rs"]
mod counting;
#[cfg(feature = "rustls")]
#[path = "../tls/forger.rs"]
#[allow(dead_code, reason = "shared with the tests of TLS")]
mod forger;
mod payload;
#[cfg(feature = "rustls")]
#[path = "../tls/peer.rs"]
#[allow(dead_code, reason = "shared with the tests of TLS")]
mod peer;
#[cfg(feature = "rustls")]
mod secured;
mod talk;
mod unpolled;

use counting::region;

const KIB: usize = 1024;

/// A kind of input without end.
#[derive(Clone)]
struct Input {
    name: &'static str,
    /// The bound as the manual says it.
    formula: &'static str,
    bound: usize,
    play: Play,
}

#[derive(Clone, Copy)]
enum Play {
    /// On a control connection.
    Talk(fn(&mut talk::Talk)),
    /// By itself.
    Alone(fn(&mut Meter)),
}

/// Adds up what is held between calls, and keeps the most that can have been held within one.
#[derive(Default)]
struct Meter {
    held: usize,
    most: usize,
}

impl Meter {
    fn call<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let region = region();
        let result = call();
        let stats = region.change();
        self.most = self.most.max(self.held + stats.bytes_allocated);
        self.held = (self.held + stats.bytes_allocated).saturating_sub(stats.bytes_deallocated);
        result
    }
}

fn main() {
    let mut table = Table::default();
    let inputs = [
        control::inputs(),
        payload::inputs(),
        unpolled::inputs(),
        around::inputs(),
        #[cfg(feature = "rustls")]
        secured::inputs(),
    ];
    for input in inputs.concat() {
        match input.play {
            Play::Alone(play) => table.row(&input, "", measure(play), input.bound),
            Play::Talk(play) => {
                table.row(&input, "", talk::in_clear(play), input.bound);
                #[cfg(feature = "rustls")]
                let bound = input.bound + secured::CHANNEL_MAX;
                #[cfg(feature = "rustls")]
                table.row(&input, " over TLS", secured::talk(play), bound);
            }
        }
    }
    assert!(table.wrong.is_empty(), "{:#?}", table.wrong);
}

fn measure(play: fn(&mut Meter)) -> usize {
    let mut meter = Meter::default();
    play(&mut meter);
    meter.most
}

#[derive(Default)]
struct Table {
    wrong: Vec<String>,
}

impl Table {
    /// Measured against the bound, and the bound against the manual.
    fn row(&mut self, input: &Input, how: &str, most: usize, bound: usize) {
        let &Input { name, formula, .. } = input;
        let (most_kib, bound_kib) = (most.div_ceil(KIB), bound / KIB);
        println!("| {name}{how} | {formula} | {bound_kib} KiB | {most_kib} KiB |");
        if most > bound {
            self.wrong.push(format!("{name}{how}: {most} of {bound}"));
        }
        // What comes nowhere near its bound tests nothing.
        if most < bound / 8 {
            self.wrong
                .push(format!("{name}{how}: only {most} of {bound}"));
        }
        let said = format!("| {name} | {formula} | {} KiB |", input.bound / KIB);
        if !include_str!("../../manual/security.md").contains(&said) {
            self.wrong.push(format!("the manual has no row {said}"));
        }
    }
}
