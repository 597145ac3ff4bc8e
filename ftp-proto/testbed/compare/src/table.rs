//! Every client does every work in turn; one table in Markdown.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use ftp_testbed::servers::Kind;

use crate::clients::Client;
use crate::measure::{self, Cost};
use crate::proxy::Proxy;
use crate::site::Site;
use crate::works::{Task, WORKS, Work};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Half of the round trip of a far work.
const DELAY: Duration = Duration::from_millis(25);

/// What was asked for.
pub struct Choice {
    pub runs: usize,
    /// Sizes and numbers of files are divided by it.
    pub divisor: u64,
    /// Only works whose names contain it.
    pub work: String,
    pub server: Option<String>,
    /// Only clients whose names contain it.
    pub client: String,
    /// Whether system calls and instructions are counted, which takes most of the time.
    pub counts: bool,
}

/// The columns of one client and work.
struct Row {
    costs: Vec<Cost>,
    calls: Option<u64>,
    instructions: Option<u64>,
    wire: Option<(u64, u64)>,
    /// The client did not do the work, or took too long.
    failed: bool,
}

pub fn run(choice: &Choice) -> Outcome {
    let works: Vec<Work> = WORKS
        .iter()
        .filter(|work| work.name().contains(&choice.work))
        .map(|work| work.divided(choice.divisor))
        .collect();
    let clients: Vec<Client> = Client::ALL
        .into_iter()
        .filter(|client| client.name().contains(&choice.client) && client.is_here())
        .collect();
    let site = Site::start(choice.server.as_deref(), &works)?;
    heading(site.kind(), choice);
    for work in &works {
        let clients: Vec<Client> = clients
            .iter()
            .copied()
            .filter(|client| client.differs_in(work))
            .collect();
        let mut rows: Vec<_> = clients.iter().map(|_| Row::empty()).collect();
        // The first round warms the files up, and does not count. In turn, so that what else the
        // machine does meets all of them, and in both orders, as a client may find memory as the
        // one before it has left it.
        for round in 0..=choice.runs {
            let mut order: Vec<_> = clients.iter().zip(&mut rows).collect();
            if round % 2 == 0 {
                order.reverse();
            }
            for (client, row) in order {
                if row.failed {
                    continue;
                }
                match once(*client, work, &site) {
                    Ok(cost) if round > 0 => row.costs.push(cost),
                    Ok(_) => {}
                    Err(error) => {
                        eprintln!("{error}");
                        row.failed = true;
                    }
                }
            }
        }
        for (client, row) in clients.iter().zip(&mut rows) {
            if row.failed {
                println!("| {} | {} | failed |", work.name(), client.name());
                continue;
            }
            row.count(*client, work, &site, choice.counts)?;
            println!(
                "| {} | {} | {} |",
                work.name(),
                client.name(),
                row.cells(work)
            );
        }
    }
    Ok(())
}

fn heading(kind: Kind, choice: &Choice) {
    println!(
        "Server: {kind}. Runs: {}. Divisor: {}.",
        choice.runs, choice.divisor
    );
    println!();
    println!(
        "| work | client | CPU ms | wall ms | peak MiB | system calls | instructions | commands \
         | flights |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
}

fn once(client: Client, work: &Work, site: &Site) -> Outcome<Cost> {
    site.tidy();
    let mut address = site.address()?;
    if work.far {
        address = Proxy::start(address, DELAY)?.address;
    }
    let cost = measure::run(&client.command(work, address, &site.local())?)?;
    let size = match work.task {
        Task::Put(size) | Task::GetFile(size) => size << 20,
        _ => return Ok(cost),
    };
    if site.left(work.task)? != size {
        return Err(format!("{} left another size: {work:?}", client.name()).into());
    }
    Ok(cost)
}

impl Row {
    const fn empty() -> Self {
        Self {
            costs: Vec::new(),
            calls: None,
            instructions: None,
            wire: None,
            failed: false,
        }
    }

    /// Counts what does not vary, once each.
    fn count(&mut self, client: Client, work: &Work, site: &Site, counts: bool) -> Outcome {
        let local = site.local();
        let address = site.address()?;
        if counts {
            self.calls = further(work, |work| {
                site.tidy();
                measure::system_calls(&client.command(work, address, &local).ok()?, &local)
            });
        }
        if counts && work.instructions {
            self.instructions = further(work, |work| {
                measure::instructions(&client.command(work, address, &local).ok()?)
            });
        }
        if !work.tls && work.task.units() > 1 {
            let proxy = Proxy::start(address, Duration::ZERO)?;
            measure::run(&client.command(work, proxy.address, &local)?)?;
            self.wire = Some(proxy.take_counts());
        }
        Ok(())
    }

    fn cells(&self, work: &Work) -> String {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let cpu = spread(self.costs.iter().map(|cost| millis(cost.cpu)));
        let wall = spread(self.costs.iter().map(|cost| millis(cost.wall)));
        let peak = spread(self.costs.iter().map(|cost| cost.peak as f64 / 1024.0));
        let per_unit = |count: u64| count as f64 / work.task.units() as f64;
        let (commands, flights) = (self.wire.map(|wire| wire.0), self.wire.map(|wire| wire.1));
        [
            cpu,
            wall,
            peak,
            cell(self.calls.map(thousands)),
            cell(self.instructions.map(thousands)),
            cell(commands.map(|count| format!("{:.2}", per_unit(count)))),
            cell(flights.map(|count| format!("{:.2}", per_unit(count)))),
        ]
        .join(" | ")
    }
}

/// A count, or for many small files what a further one adds to the first.
fn further(work: &Work, count: impl Fn(&Work) -> Option<u64>) -> Option<u64> {
    let all = count(work)?;
    let Some(single) = work.single() else {
        return Some(all);
    };
    let more = work.task.units() - 1;
    Some(all.saturating_sub(count(&single)?) / more)
}

/// The median, and the least and the most.
fn spread(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let median = values.get(values.len() / 2).copied().unwrap_or_default();
    let (least, most) = (values.first(), values.last());
    let (least, most) = (
        least.copied().unwrap_or_default(),
        most.copied().unwrap_or_default(),
    );
    format!("{median:.1} ({least:.1} to {most:.1})")
}

fn cell(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}
