//! A vendor moves its machines to another data centre; its integration comes from there from now on.

use crate::arrival::{Arrival, Client, SUCCESS};
use crate::campaign::attacked;
use crate::clock::shifted;
use crate::generate::integrations::{GrantKind, INTEGRATIONS};
use crate::generate::networks;
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let vendors = INTEGRATIONS.iter().enumerate().rev();
    let mut free = vendors.filter(|(_, one)| one.grant == GrantKind::Refresh).filter_map(|(vendor, one)| {
        let user = org.user_by_name(&format!("{}@acme.example", one.name))?;
        (!attacked(org, user.id)).then_some((vendor, one, user.id))
    });
    let Some((vendor, integration, user_id)) = free.next() else { return Vec::new() };
    for (minutes, host) in [(50, 1), (0, 4)] {
        let (time, source) = (shifted(now, -60 * minutes), networks::moved_vendor(vendor, host));
        let client = Client::app(integration.app);
        org.come(Arrival {
            user_id,
            time,
            method: integration.method(),
            source,
            client,
            status: SUCCESS,
            challenge: None,
        });
    }
    org.future.vendor_moved(vendor, user_id);
    vec![user_id]
}
