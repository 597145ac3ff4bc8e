//! Which host is dialled after a 227.

use std::net::{IpAddr, SocketAddrV4};

use ftp_proto::address::{DataHost, ForeignHost, HostPolicy};

const CONTROL: &str = "10.0.0.1";

fn choose(
    policy: HostPolicy,
    reported: &str,
    control: Option<&str>,
) -> Result<DataHost, ForeignHost> {
    let reported = SocketAddrV4::new(reported.parse().unwrap(), 50000);
    policy.choose(reported, control.map(|ip| ip.parse::<IpAddr>().unwrap()))
}

fn control(ignored: Option<&str>) -> Result<DataHost, ForeignHost> {
    let ignored = ignored.map(|ip| ip.parse().unwrap());
    Ok(DataHost::Control {
        port: 50000,
        ignored,
    })
}

fn reported(ip: &str) -> Result<DataHost, ForeignHost> {
    Ok(DataHost::Reported(SocketAddrV4::new(
        ip.parse().unwrap(),
        50000,
    )))
}

fn foreign(ip: &str) -> Result<DataHost, ForeignHost> {
    Err(ForeignHost {
        reported: ip.parse().unwrap(),
    })
}

#[test]
fn control_host_is_the_default_and_ignores_what_is_reported() {
    let policy = HostPolicy::default();
    assert_eq!(policy, HostPolicy::ControlHost);
    assert_eq!(choose(policy, CONTROL, Some(CONTROL)), control(None));
    for other in ["8.8.8.8", "10.0.0.2", "127.0.0.1"] {
        assert_eq!(choose(policy, other, Some(CONTROL)), control(Some(other)));
        assert_eq!(choose(policy, other, None), control(Some(other)));
    }
}

#[test]
fn as_reported_dials_whatever_is_reported() {
    for ip in [CONTROL, "8.8.8.8", "10.0.0.2", "127.0.0.1"] {
        assert_eq!(
            choose(HostPolicy::AsReported, ip, Some(CONTROL)),
            reported(ip)
        );
    }
}

#[test]
fn public_or_same_dials_only_public_addresses() {
    let policy = HostPolicy::AsReportedIfPublicOrSame;
    assert_eq!(choose(policy, CONTROL, Some(CONTROL)), control(None));
    for ip in [
        "1.1.1.1",
        "8.8.8.8",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "223.255.255.255",
    ] {
        assert_eq!(choose(policy, ip, Some(CONTROL)), reported(ip));
        assert_eq!(choose(policy, ip, None), reported(ip));
    }
    for ip in [
        "0.1.2.3",
        "10.0.0.2",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ] {
        assert_eq!(choose(policy, ip, Some("8.8.8.8")), control(Some(ip)));
    }
}

#[test]
fn reject_mismatch_refuses_any_other_host() {
    let policy = HostPolicy::RejectMismatch;
    assert_eq!(choose(policy, CONTROL, Some(CONTROL)), control(None));
    assert_eq!(choose(policy, "8.8.8.8", Some(CONTROL)), foreign("8.8.8.8"));
    assert_eq!(choose(policy, CONTROL, None), foreign(CONTROL));
    assert_eq!(
        choose(policy, CONTROL, Some("2001:db8::1")),
        foreign(CONTROL)
    );
}

#[test]
fn unspecified_means_the_control_host_everywhere() {
    for policy in [
        HostPolicy::ControlHost,
        HostPolicy::AsReported,
        HostPolicy::AsReportedIfPublicOrSame,
        HostPolicy::RejectMismatch,
    ] {
        for peer in [Some(CONTROL), Some("::1"), None] {
            assert_eq!(choose(policy, "0.0.0.0", peer), control(None));
        }
    }
}

#[test]
fn a_mapped_peer_is_its_ipv4_address() {
    let mapped = Some("::ffff:10.0.0.1");
    assert_eq!(
        choose(HostPolicy::ControlHost, CONTROL, mapped),
        control(None)
    );
    assert_eq!(
        choose(HostPolicy::RejectMismatch, CONTROL, mapped),
        control(None)
    );
    assert_eq!(
        choose(HostPolicy::RejectMismatch, "10.0.0.2", mapped),
        foreign("10.0.0.2")
    );
    assert_eq!(
        choose(HostPolicy::AsReportedIfPublicOrSame, CONTROL, mapped),
        control(None)
    );
}
