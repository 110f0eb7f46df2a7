//! Networks that hold an address: for each length of prefix one look into a sorted list.

use crate::plain::address;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// Networks by their prefixes, those of version 4 as version 6 writes them.
#[derive(Debug, Default)]
pub(crate) struct Nets {
    by_length: Vec<(u8, Vec<(u128, u32)>)>,
}

/// The length of the prefix below which version 6 has the addresses of version 4.
const MAPPED: u8 = 96;

impl Nets {
    pub(crate) fn add(&mut self, net: &IpNet, out: u32) {
        let (address, length) = match net {
            IpNet::V4(net) => (net.network().to_ipv6_mapped(), MAPPED + net.prefix_len()),
            IpNet::V6(net) => (net.network(), net.prefix_len()),
        };
        let entry = (prefix(address, length), out);
        match self.by_length.iter_mut().find(|(l, _)| *l == length) {
            Some((_, list)) => list.push(entry),
            None => self.by_length.push((length, vec![entry])),
        }
    }

    /// Sorts what was added.
    pub(crate) fn close(&mut self) {
        self.by_length.iter_mut().for_each(|(_, list)| list.sort_unstable());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_length.is_empty()
    }

    /// Every network that holds the address in a text, if one is there.
    pub(crate) fn look(&self, text: &str, met: &mut impl FnMut(u32)) {
        let Some(found) = address(text) else { return };
        let found = match found {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        for (length, list) in &self.by_length {
            let wanted = prefix(found, *length);
            let from = list.partition_point(|(p, _)| *p < wanted);
            list[from..].iter().take_while(|(p, _)| *p == wanted).for_each(|(_, out)| met(*out));
        }
    }
}

fn prefix(address: Ipv6Addr, length: u8) -> u128 {
    let rest = 128u32.saturating_sub(u32::from(length));
    u128::from(address).checked_shr(rest).unwrap_or(0)
}
