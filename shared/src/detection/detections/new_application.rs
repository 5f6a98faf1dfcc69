//! E1: an application that this org has never seen.

use crate::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, Subject, View};
use crate::observation::Login;

pub(crate) static ABOUT: About = About {
    id: "new-application",
    row: "E1",
    title: "Application never seen in this org",
    why: "Data theft by persuaded users begins with an application nobody has used before, often a look-alike of a \
          data loader. New applications are rare enough to look at each.",
    severity: Severity::High,
    confidence: Confidence::Low,
    family: Family::Application,
    shown: Shown::SUCCESS.and(Shown::NEW_APPLICATION),
    mitre: &["T1671", "T1199"],
    needs: &[Sensor::Logins],
    parameters: MEANINGS,
    quiet: &[
        "Once used by a login that is not suspicious it is no longer new.",
        "From a network its user knows, or by a program's account, it is `medium`.",
    ],
};

parameters! {
    /// Days of the org's history before anything counts as new.
    days: u32 = 14,
    /// Successes in the org's history before anything counts as new.
    successes: u32 = 500,
}

/// The detection.
#[derive(Debug)]
pub struct NewApplication(pub Parameters);

impl Detection for NewApplication {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, view: &View<'_>, login: &Login) -> Option<Hit> {
        let org = view.org();
        let has_history = org.days() >= self.0.days && org.successes() >= self.0.successes;
        let is_new = login.succeeded()
            && view.logged_in_with().is_none()
            && !login.application.trim().is_empty();
        // Somebody who is talked into an application of the attacker's never sits where it is used.
        let is_elsewhere = view.is_new_network() && !view.is_integration();
        let severity = if is_elsewhere { Severity::High } else { Severity::Medium };
        (has_history && is_new).then(|| hit(severity, login, org.successes(), org.days()))
    }
}

fn hit(severity: Severity, login: &Login, successes: u32, days: u32) -> Hit {
    Hit::new(&ABOUT, severity, Subject::application(&login.application), login.user_id.as_ref())
        .fact("application", login.application.as_str())
        .fact("source", login.source.to_string())
        .fact("org_successes", successes)
        .fact("org_days", days)
        .logins([login.id.clone()])
        .containable()
        .because(
            format!("The application “{}” logged in from {}.", login.application, login.source),
            format!("In {successes} successful logins on {days} days this org had not seen it."),
            "Once used by a login that is not suspicious it is no longer new.",
        )
}

#[cfg(test)]
pub(crate) mod cases {
    use super::*;
    use crate::detection::SubjectKind;
    use crate::detection::detections::world::{World, severity};

    fn used(world: &mut World) -> Option<Severity> {
        severity(&world.hits_of_refresh("ada", "My Ticket Portal", "198.18.1.7", 1), &ABOUT)
    }

    pub(crate) fn fires() -> Option<Severity> {
        used(&mut World::with_office_workers())
    }

    pub(crate) fn near_miss() -> Option<Severity> {
        used(&mut World::empty())
    }

    pub(crate) fn quiet() -> Option<Severity> {
        let mut world = World::with_office_workers();
            used(&mut world);
            used(&mut world)
    }

    #[test]
    fn the_first_use_is_told_and_the_second_is_not() {
        let mut world = World::with_office_workers();
        let hits = world.hits_of_refresh("ada", "My Ticket Portal", "198.18.1.7", 1);
        assert_eq!(hits["new-application"].subject.kind, SubjectKind::Application);
        assert!(
            !world
                .hits_of_refresh("bob", "My Ticket Portal", "198.18.1.7", 2)
                .contains_key("new-application")
        );
    }

    #[test]
    fn used_from_elsewhere_it_is_grave() {
        let mut world = World::with_office_workers();
        let hits = world.hits_of_refresh("ada", "My Ticket Portal", "203.0.113.9", 1);
        assert_eq!(hits["new-application"].severity, Severity::High);
    }

    #[test]
    fn a_token_that_was_seen_first_makes_it_no_older() {
        let mut world = World::with_office_workers();
        world.use_token("ada", "My Ticket Portal", 0);
        assert!(
            world.hits_of_refresh("ada", "My Ticket Portal", "198.18.1.7", 1).contains_key("new-application")
        );
    }

    #[test]
    fn without_history_it_abstains() {
        let mut world = World::empty();
        assert!(world.hits_of_refresh("ada", "My Ticket Portal", "198.18.1.7", 1).is_empty());
    }
}
