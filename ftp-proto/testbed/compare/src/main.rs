//! Measures the drivers of this workspace beside other FTP clients, and at scale. README.md says
//! how, and what the columns are.
#![forbid(unsafe_code)]

mod clients;
mod measure;
mod proxy;
mod scale;
mod site;
mod table;
mod works;

use std::error::Error;
use std::net::ToSocketAddrs;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clients::Job;
use table::Choice;
use works::Task;

const USAGE: &str = "usage:
  compare table [--runs N] [--divisor N] [--work TEXT] [--client TEXT] [--server NAME] [--no-counts]
  compare scale [--sessions N,N,...] [--files N]
  compare proxy --to HOST:PORT [--delay-ms N] [--listen ADDRESS:PORT]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Box<dyn Error>> {
    let (command, rest) = words.split_first().ok_or(USAGE)?;
    match command.as_str() {
        "table" => table::run(&Choice {
            runs: number(rest, "--runs", 5)?,
            divisor: number(rest, "--divisor", 1)?.max(1),
            work: option(rest, "--work").unwrap_or_default(),
            server: option(rest, "--server"),
            client: option(rest, "--client").unwrap_or_default(),
            counts: !rest.iter().any(|word| word == "--no-counts"),
        }),
        "scale" => {
            let sessions = option(rest, "--sessions").unwrap_or_else(|| "1,100,1000,5000".into());
            let sessions: Vec<usize> = sessions
                .split(',')
                .map(str::parse)
                .collect::<Result<_, _>>()?;
            scale::run(&sessions, number(rest, "--files", 20)?)
        }
        "proxy" => run_proxy(rest),
        // What follows is for this program's own processes.
        "measure" => measure::measure(rest),
        "client" => run_client(rest),
        "scale-server" => scale::serve(),
        "scale-client" => scale::fetch(rest),
        _ => Err(USAGE.into()),
    }
}

fn run_proxy(words: &[String]) -> Result<(), Box<dyn Error>> {
    let server = option(words, "--to").ok_or(USAGE)?;
    let server = server.to_socket_addrs()?.next().ok_or("no address")?;
    let listen = option(words, "--listen").unwrap_or_else(|| "127.0.0.1:0".into());
    let delay = Duration::from_millis(number(words, "--delay-ms", 25)?);
    let proxy = proxy::Proxy::listen(listen.parse()?, server, delay)?;
    println!("{}", proxy.address);
    loop {
        thread::sleep(Duration::from_secs(1));
        let (commands, flights) = proxy.take_counts();
        if commands > 0 {
            println!("{commands} commands in {flights} flights");
        }
    }
}

fn run_client(words: &[String]) -> Result<(), Box<dyn Error>> {
    let [name, task, amount, tls, address, local] = words else {
        return Err(USAGE.into());
    };
    let job = Job {
        task: Task::parse(task, amount).ok_or(USAGE)?,
        tls: tls == "tls",
        address: address.parse()?,
        local: local.into(),
    };
    clients::run(name, &job)
}

/// The word after `name`.
fn option(words: &[String], name: &str) -> Option<String> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).cloned()
}

fn number<N: std::str::FromStr>(words: &[String], name: &str, otherwise: N) -> Result<N, N::Err> {
    option(words, name).map_or(Ok(otherwise), |word| word.parse())
}
