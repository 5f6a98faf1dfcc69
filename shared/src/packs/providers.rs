//! Which autonomous systems rent out machines, and which carry only phones.
//!
//! Written by hand from the numbers that the registries give out, so that every entry can be argued about. Networks that
//! also connect homes or offices (Cogent, CenturyLink, Google's 15169, Deutsche Telekom …) are left out: a wrong entry makes
//! noise, a missing one only silence.

use crate::observation::ProviderKind;

/// Clouds and hosting, in ascending order.
#[expect(clippy::unreadable_literal, reason = "they are names, and nobody writes them in groups")]
const HOSTING: [u32; 135] = [
    3223, 6724, 7203, 8075, 8100, 8560, 9009, 9123, 9312, 11878, 12876, 13213, 14061, 14576, 14618, 16125,
    16265, 16276, 16509, 18779, 19318, 20454, 20473, 20860, 21769, 22552, 22612, 23338, 23470, 24940, 24961,
    25369, 26347, 26496, 28753, 29066, 29802, 29838, 29873, 30083, 30633, 31400, 31898, 32475, 33387, 34011,
    34088, 34119, 35048, 35913, 35916, 36007, 36351, 36352, 37963, 38136, 39351, 40021, 40065, 40676, 42831,
    43350, 44901, 45090, 45102, 46606, 46844, 47583, 48282, 49453, 49981, 50304, 50673, 51167, 51396, 53667,
    53850, 54290, 54825, 55081, 55286, 55990, 56630, 57043, 58061, 59253, 59711, 60068, 60781, 61317, 62240,
    62563, 62874, 62904, 63018, 63023, 63949, 64267, 64286, 132203, 133752, 135377, 136787, 136907, 138915,
    141995, 197540, 197695, 198953, 199524, 200019, 200651, 202053, 202425, 203020, 204957, 206264, 207137,
    207990, 209605, 210558, 210644, 211252, 212238, 212317, 213035, 213230, 215540, 393406, 394711, 395092,
    395954, 396982, 399629, 400940,
];

/// Carriers of phones, in ascending order.
#[expect(clippy::unreadable_literal, reason = "they are names, and nobody writes them in groups")]
const MOBILE: [u32; 26] = [
    6167, 9605, 12430, 16135, 16232, 20057, 20978, 21928, 22394, 23693, 24203, 24608, 25135, 26615, 29465,
    29975, 37168, 44244, 45143, 45609, 51207, 55836, 60339, 131445, 132061, 206067,
];

/// What kind of provider an autonomous system is.
pub(super) fn kind_of(asn: u32) -> ProviderKind {
    if HOSTING.binary_search(&asn).is_ok() {
        ProviderKind::Hosting
    } else if MOBILE.binary_search(&asn).is_ok() {
        ProviderKind::Mobile
    } else {
        ProviderKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_is_named_once_and_found() {
        for list in [&HOSTING[..], &MOBILE] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]), "{list:?}");
        }
        let kinds =
            [(14061, ProviderKind::Hosting), (21928, ProviderKind::Mobile), (3320, ProviderKind::Other)];
        assert_eq!(kinds.map(|(asn, _)| kind_of(asn)), kinds.map(|(_, kind)| kind));
        assert!(MOBILE.iter().all(|asn| kind_of(*asn) == ProviderKind::Mobile), "no carrier is hosting, too");
    }
}
