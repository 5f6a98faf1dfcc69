//! Profiles whose users may log in from anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;
use crate::salesforce::AddressRange;

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "profile-without-ip-ranges",
    title: "Profiles whose users may log in from anywhere",
    why: "login IP ranges are the one setting that keeps a stolen password or key from being used elsewhere",
    fix: "set Login IP Ranges on the profile, first on those of administrators and programs",
    judge,
};

fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let (ranges, users) = (examined.need(&facts.ranges)?, examined.need(&facts.users)?);
    examined.looked_at = ranges.len();
    for profile in ranges {
        let what = match profile.ranges.as_slice() {
            [] => "no range",
            ranges if ranges.iter().any(is_everywhere) => "a range that holds every address",
            _ => continue,
        };
        let has_it = users.values().filter(|user| user.is_active && user.profile == profile.profile);
        examined.find(&profile.profile, format!("{what}; {} active users", has_it.count()));
    }
    Some(())
}

fn is_everywhere(range: &AddressRange) -> bool {
    match (range.first, range.last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => first.is_unspecified() && last == Ipv4Addr::BROADCAST,
        (IpAddr::V6(first), IpAddr::V6(last)) => first.is_unspecified() && last == Ipv6Addr::from(u128::MAX),
        _ => false,
    }
}
