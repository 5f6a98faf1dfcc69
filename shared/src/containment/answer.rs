//! What the record of an earlier containment means to a request that comes later.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Containment, Outcome, Request, RequestedBy, Stage};
use crate::detection::Action;
use crate::policy::Also;

/// What a record means to a request for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It answers the request.
    Given,
    /// It answers the request if a look shows that it still holds.
    GivenIfStillSo,
    /// It has not come to its end, or to no success, and is gone on with.
    Unfinished,
    /// It was refused, and is decided anew.
    Undecided,
    /// It is about what was before; what is there now is another containment.
    Outdated,
}

impl Containment {
    /// What this record means to a request. To the policy, one that has acted answers as long as the finding shows
    /// nothing later than its end, and a refusal answers the same escalation of the finding: for a later one it is
    /// decided anew, and the ledger keeps the earlier refusal. A person who asks again is answered by a success only,
    /// and only while it lasts. What people had to agree to and has ended without success needs their consent anew.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        let is_person = request.is_by_person();
        match &self.outcome {
            _ if !matches!(self.stage, Stage::Finished | Stage::Waiting) => Answer::Unfinished,
            Some(Outcome::Refused { .. })
                if request.waits_for_answer() || version(request) > version(&self.request) =>
            {
                Answer::Undecided
            }
            Some(Outcome::Refused { .. }) => Answer::Given,
            _ if !is_person && self.is_before(request) => Answer::Outdated,
            Some(Outcome::NotContained { .. }) if self.is_consented() => Answer::Outdated,
            Some(Outcome::NotContained { .. }) | None => Answer::Unfinished,
            Some(_) if is_person => Answer::GivenIfStillSo,
            Some(_) => Answer::Given,
        }
    }

    /// Whether another finding is answered by this too: its access was ended after all that the finding shows, or people
    /// are being asked about it and would only be asked once more.
    pub(crate) fn takes_in(&self, request: &Request, now: Timestamp) -> bool {
        let Some(trigger) = &request.trigger else { return false };
        let own = self.request.trigger.as_ref().map(|own| &own.finding_id);
        let is_ended = self.is_proven() && !self.is_before(request);
        let is_open = self.pending.as_ref().is_some_and(|pending| pending.expires > now);
        let is_asked = self.stage == Stage::Waiting && is_open && trigger.action == Action::Ask;
        request.requested_by == RequestedBy::Policy
            && trigger.action >= Action::Ask
            && own != Some(&trigger.finding_id)
            && self.request.target.covers(&request.target)
            && (is_ended || is_asked)
    }

    /// Whether this has ended all that the watch asks about, since it asked.
    pub(crate) fn has_ended_again(&self, waiting: &Self) -> bool {
        let asked = waiting.pending.as_ref().map(|pending| pending.asked);
        waiting.request.requested_by == RequestedBy::Watch
            && self.is_proven()
            && self.request.target.covers(&waiting.request.target)
            && self.finished.zip(asked).is_some_and(|(finished, asked)| finished > asked)
    }

    fn is_consented(&self) -> bool {
        self.request.target.is_wide() || !self.approved.is_empty()
    }

    /// Whether this containment, which was asked for otherwise and has just been finished, also answers a person.
    pub(crate) fn also_answers(&self, request: &Request) -> bool {
        request.is_by_person()
            && self.request.target.covers(&request.target)
            && self.has_done(&request.also)
            && (self.is_proven() || self.request.is_by_person())
    }

    fn has_done(&self, also: &BTreeSet<Also>) -> bool {
        also.is_empty() || self.reach.as_ref().is_some_and(|reach| also.is_subset(&reach.also))
    }

    /// Whether the request's evidence is later than the end of this containment.
    fn is_before(&self, request: &Request) -> bool {
        let last_seen = request.trigger.as_ref().map(|trigger| trigger.last_seen);
        self.finished.zip(last_seen).is_some_and(|(finished, last_seen)| last_seen > finished)
    }
}

impl Request {
    /// The same request for the `time`th time, counted from 1, each of which is a containment of its own.
    pub(crate) fn for_the(&self, time: usize) -> Self {
        let request_id =
            if time > 1 { format!("{}/{time}", self.request_id) } else { self.request_id.clone() };
        Self { request_id, ..self.clone() }
    }

    /// The id that it had the first time, as far as it tells.
    pub(crate) fn of_the_first_time(&self) -> &str {
        match self.request_id.rsplit_once('/') {
            Some((first, time)) if time.bytes().all(|digit| digit.is_ascii_digit()) => first,
            _ => &self.request_id,
        }
    }

    /// Whether a person reads the answer, and asks again where that may help; an event comes again by itself.
    fn waits_for_answer(&self) -> bool {
        matches!(self.requested_by, RequestedBy::Person { .. })
    }

    fn is_by_person(&self) -> bool {
        matches!(self.requested_by, RequestedBy::Person { .. } | RequestedBy::Event { .. })
    }
}

fn version(request: &Request) -> u64 {
    request.trigger.as_ref().map_or(0, |trigger| trigger.version)
}
