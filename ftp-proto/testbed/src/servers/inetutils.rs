//! GNU inetutils ftpd. It expects an accepted connection on its standard streams, so this process
//! listens for it.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::Site;
use super::installation::Installation;
use super::process::{descendants, stop_with_descendants};
use super::sandbox::Sandbox;

pub(super) fn launch(site: &Site<'_>) -> io::Result<SuperServer> {
    let installation = Installation::find("ftpd")?;
    check_version(&installation)?;
    let sandbox = Sandbox::create(site)?;
    SuperServer::start(site.addresses, sandbox, installation)
}

/// Other servers are called `ftpd` as well.
fn check_version(installation: &Installation) -> io::Result<()> {
    let output = installation.command().arg("--version").output()?;
    if String::from_utf8_lossy(&output.stdout).contains("inetutils") {
        return Ok(());
    }
    let program = installation.program.display();
    Err(io::Error::other(format!(
        "{program} is not that of inetutils"
    )))
}

/// Accepts connections and starts a server for each. Dropping it ends them all.
#[derive(Debug)]
pub(super) struct SuperServer {
    shared: Arc<Shared>,
    listeners: Vec<(SocketAddr, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Shared {
    sandbox: Sandbox,
    installation: Installation,
    closing: AtomicBool,
    sessions: Mutex<Vec<Child>>,
}

impl SuperServer {
    fn start(
        addresses: &[SocketAddr],
        sandbox: Sandbox,
        installation: Installation,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            sandbox,
            installation,
            closing: AtomicBool::new(false),
            sessions: Mutex::new(Vec::new()),
        });
        let mut server = Self {
            shared,
            listeners: Vec::new(),
        };
        for address in addresses {
            let listener = TcpListener::bind(address)?;
            let shared = Arc::clone(&server.shared);
            let thread = thread::spawn(move || shared.serve(&listener));
            server.listeners.push((*address, thread));
        }
        Ok(server)
    }

    /// The sessions and what they started.
    pub(super) fn pids(&self) -> Vec<u32> {
        let mut sessions = self.shared.sessions();
        sessions.retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
        sessions
            .iter()
            .map(Child::id)
            .flat_map(|pid| [pid].into_iter().chain(descendants(pid)))
            .collect()
    }
}

impl Drop for SuperServer {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for (address, thread) in self.listeners.drain(..) {
            // Wakes the accept. Where that fails the listener is gone and its thread with it.
            drop(TcpStream::connect(address));
            let _ = thread.join();
        }
        for child in self.shared.sessions().iter_mut() {
            stop_with_descendants(child);
        }
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            // The client sees a closed connection if the server cannot be started.
            let Ok(child) = stream.and_then(|stream| self.session(stream)) else {
                continue;
            };
            let mut sessions = self.sessions();
            sessions.retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
            sessions.push(child);
        }
    }

    fn session(&self, stream: TcpStream) -> io::Result<Child> {
        let mut command: Command = self.sandbox.command(&self.installation);
        command
            .stdin(Stdio::from(OwnedFd::from(stream.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(stream.try_clone()?)))
            .stderr(Stdio::from(OwnedFd::from(stream)))
            .spawn()
    }

    fn sessions(&self) -> MutexGuard<'_, Vec<Child>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
