//! Which network addresses a webhook may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far webhooks reach. Addresses come from customers: one that leads into our own network must not be called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EgressPolicy {
    /// Public addresses over https.
    #[default]
    Internet,
    /// This machine too, and http: for the local stack and tests.
    LoopbackToo,
}

impl EgressPolicy {
    /// Whether a webhook may be sent to this address.
    pub fn admits(self, address: IpAddr) -> bool {
        // An IPv4 address in IPv6's clothes is connected to as the IPv4 address that it is.
        let address = address.to_canonical();
        if self == Self::LoopbackToo && address.is_loopback() {
            return true;
        }
        match address {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        }
    }

    /// Whether an address may start with `http:`.
    pub const fn admits_http(self) -> bool {
        matches!(self, Self::LoopbackToo)
    }
}

/// IPv4 networks that are not of the public internet (IANA's registry of special-purpose addresses).
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // behind a carrier's NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, with the metadata of AWS at 169.254.169.254
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocols
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and broadcast
];

/// All that is public in IPv6 is in here: not loopback, link-local, unique local (`fd00:ec2::254` is AWS's metadata),
/// multicast.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What in it is not, or leads to IPv4 addresses by tunnels that nobody needs any more.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// NAT64 (RFC 6052): the last four bytes are the IPv4 address that is connected to. DNS64 gives these for public hosts
/// too.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|&(network, length)| {
        let difference = address.to_bits() ^ network.to_bits();
        difference >> (Ipv4Addr::BITS - length) == 0
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_in = |&(network, length): &(Ipv6Addr, u32)| {
        let difference = address.to_bits() ^ network.to_bits();
        difference >> (Ipv6Addr::BITS - length) == 0
    };
    if is_in(&NAT64) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    is_in(&GLOBAL_V6) && !SPECIAL_V6.iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2606:4700:4700::1111",
        "2a02:6b8::2:242",
        "2001:4860:4860::8888",
    ];

    const SPECIAL: &[&str] = &[
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::10.0.0.1",
        "::1.1.1.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::1.1.1.1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:0a00:0001::1",
        "2002:7f00:0001::1",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ];

    const LOOPBACK: &[&str] = &["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"];

    fn admitted(egress: EgressPolicy, addresses: &[&'static str]) -> Vec<&'static str> {
        addresses.iter().copied().filter(|address| egress.admits(address.parse().unwrap())).collect()
    }

    #[test]
    fn only_public_addresses_are_reached() {
        assert_eq!(admitted(EgressPolicy::Internet, PUBLIC), PUBLIC);
        assert_eq!(admitted(EgressPolicy::Internet, SPECIAL), <[&str; 0]>::default());
        assert_eq!(admitted(EgressPolicy::Internet, LOOPBACK), <[&str; 0]>::default());
    }

    #[test]
    fn the_local_reach_adds_loopback_and_nothing_else() {
        assert_eq!(admitted(EgressPolicy::LoopbackToo, PUBLIC), PUBLIC);
        assert_eq!(admitted(EgressPolicy::LoopbackToo, SPECIAL), <[&str; 0]>::default());
        assert_eq!(admitted(EgressPolicy::LoopbackToo, LOOPBACK), LOOPBACK);
    }
}
