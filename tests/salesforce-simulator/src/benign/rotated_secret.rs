//! An integration's key was changed and nobody told the integration: it fails once a minute, regularly as a machine.

use crate::arrival::{Arrival, Client, SUCCESS};
use crate::clock::shifted;
use crate::generate::integrations::{GrantKind, INTEGRATIONS};
use crate::id::Id;
use crate::org::Org;
use jiff::Timestamp;

/// Failures, one a minute, before the new key is put in.
const FAILURES: i64 = 40;

pub(super) fn live(org: &mut Org, now: Timestamp) -> Vec<Id> {
    let jwt = INTEGRATIONS.iter().enumerate().filter(|(_, one)| one.grant == GrantKind::Jwt);
    let free = jwt.filter_map(|(vendor, one)| {
        let user = org.user_by_name(&format!("{}@acme.example", one.name))?;
        (!org.innocents.contains(&user.id)).then_some((vendor, one, user.id))
    });
    let Some((vendor, integration, user_id)) = free.into_iter().next() else { return Vec::new() };
    for minute in (0..=FAILURES).rev() {
        let status = if minute == 0 { SUCCESS } else { "Failed: Signature Invalid".into() };
        let (method, source) = (integration.method(), integration.machine(vendor, 0, 0));
        let (time, client) = (shifted(now, -60 * minute), Client::app(integration.app));
        org.record(Arrival { user_id, time, method, source, client, status, challenge: None });
    }
    vec![user_id]
}
