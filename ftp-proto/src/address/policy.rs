//! Which host to dial after a 227.

use core::net::{IpAddr, Ipv4Addr, SocketAddrV4};

/// The host to dial after a reply to PASV, which names a host.
///
/// A server, or an attacker in its place, that names a foreign host makes the client connect there,
/// and can scan networks that only the client reaches (CVE-2020-8284). Servers behind NAT name
/// unreachable hosts. So the default ignores the named host. In every policy the address 0.0.0.0
/// stands for the host of the control connection.
///
/// ```
/// use ftp_proto::address::{DataHost, HostPolicy};
///
/// let reported = "10.0.0.5:50000".parse().unwrap();
/// let control = "192.0.2.1".parse().ok();
/// assert_eq!(
///     HostPolicy::ControlHost.choose(reported, control),
///     Ok(DataHost::Control { port: 50000, ignored: Some("10.0.0.5".parse().unwrap()) }),
/// );
/// assert_eq!(HostPolicy::AsReported.choose(reported, control), Ok(DataHost::Reported(reported)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum HostPolicy {
    /// Always the host of the control connection, the other end of it.
    #[default]
    ControlHost,
    /// The reported address, whatever it is: for servers that keep data on other hosts, and are
    /// trusted.
    AsReported,
    /// The reported address if it is public or that of the control connection; the host of the
    /// control connection otherwise.
    AsReportedIfPublicOrSame,
    /// The host of the control connection, and an error if another is reported.
    RejectMismatch,
}

/// The host to dial, as [`HostPolicy::choose`] decides.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DataHost {
    /// The host of the control connection.
    Control {
        /// The reported port.
        port: u16,
        /// The reported address, if it is another than the host of the control connection.
        ignored: Option<Ipv4Addr>,
    },
    /// The reported address.
    Reported(SocketAddrV4),
}

/// The server named another host than its own, and the policy is [`HostPolicy::RejectMismatch`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[error("the server names the foreign host {reported} for data")]
pub struct ForeignHost {
    /// The address in the reply.
    pub reported: Ipv4Addr,
}

impl HostPolicy {
    /// Decides between the reported address and the host of the control connection.
    ///
    /// `control` is the other end of the control connection, `None` if it is not known, for example
    /// behind a proxy. An IPv4 address that is mapped into IPv6 is equal to the IPv4 address.
    ///
    /// # Errors
    ///
    /// [`ForeignHost`] under [`HostPolicy::RejectMismatch`] only; what cannot be compared counts as
    /// foreign.
    pub fn choose(
        self,
        reported: SocketAddrV4,
        control: Option<IpAddr>,
    ) -> Result<DataHost, ForeignHost> {
        let (ip, port) = (*reported.ip(), reported.port());
        let own =
            ip.is_unspecified() || control.is_some_and(|control| control.to_canonical() == ip);
        let use_control = DataHost::Control {
            port,
            ignored: (!own).then_some(ip),
        };
        match self {
            _ if ip.is_unspecified() => Ok(use_control),
            Self::ControlHost => Ok(use_control),
            Self::AsReported => Ok(DataHost::Reported(reported)),
            Self::AsReportedIfPublicOrSame if !own && is_public(ip) => {
                Ok(DataHost::Reported(reported))
            }
            Self::AsReportedIfPublicOrSame => Ok(use_control),
            Self::RejectMismatch if own => Ok(use_control),
            Self::RejectMismatch => Err(ForeignHost { reported: ip }),
        }
    }
}

/// Whether the address is reachable from everywhere, by the IANA registry of special-purpose IPv4
/// addresses.
const fn is_public(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        // This network, carrier-grade translation, protocol assignments, benchmarks; multicast and
        // all above.
        [0 | 224.., ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] => true,
        _ => false,
    };
    !(special || ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation())
}
