use super::*;
use crate::detection::detections::world::{LAGOS, LYON, World};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Findings about `count` users an hour, each asked to be contained, ten minutes apart.
fn findings(count: u32) -> Vec<Finding> {
    let mut world = World::with_office_workers();
    for minute in 0..6 {
        world.fail_from("ada", "198.19.200.9", minute);
    }
    world.succeed_at("ada", "198.19.200.9", LAGOS, 7);
    world.succeed_at("ada", "198.18.1.7", LYON, 8);
    let told = world.findings().into_iter().find(|f| f.user_id.is_some()).unwrap();
    let numbered = |n: u32| Finding {
        finding_id: crate::detection::FindingId::new(format!("{n:04}")),
        username: Some(format!("user{n}@example.com")),
        action: Action::Contain,
        last_seen: at("2026-11-02T08:00:00Z") + jiff::SignedDuration::from_mins(i64::from(10 * n)),
        ..told.clone()
    };
    (0..count).map(numbered).collect()
}

fn judged() -> Judged {
    let period = Some((at("2026-10-28T00:00:00Z"), at("2026-11-18T00:00:00Z")));
    Judged { logins: 1_000, taught: 500, active_users: Some(10_000), period }
}

#[test]
fn caps_hold_in_the_order_of_time() {
    let mut policy = Policy::default();
    policy.caps.per_hour = 2;
    policy.caps.per_day = 3;
    let backtest = Backtest::of(&findings(12), &policy, &judged());
    let held: Vec<_> =
        backtest.contained.iter().map(|case| case.held_back.as_deref().unwrap_or("")).collect();
    assert_eq!(
        held[..7],
        [
            "",
            "",
            "caps.per_hour allows 2",
            "caps.per_hour allows 2",
            "caps.per_hour allows 2",
            "caps.per_hour allows 2",
            ""
        ]
    );
    assert_eq!(held[7..], ["caps.per_day allows 3"; 5]);
    assert_eq!((backtest.total.contain, backtest.total.ask), (3, 9));
    policy.caps.per_request = 0;
    assert_eq!(Backtest::of(&findings(1), &policy, &judged()).total.contain, 0);
}

#[test]
fn weeks_begin_on_mondays_and_the_empty_ones_are_there() {
    let backtest = Backtest::of(&findings(3), &Policy::default(), &judged());
    let weeks: Vec<_> =
        backtest.weeks.iter().map(|week| (week.begins.to_string(), week.asked.all())).collect();
    let expected = [("2026-10-26", 0), ("2026-11-02", 3), ("2026-11-09", 0), ("2026-11-16", 0)];
    assert_eq!(weeks, expected.map(|(day, count)| (format!("{day}T00:00:00Z"), count)));
    assert!((backtest.findings_a_week - 1.0).abs() < 1e-9);
    let endless = Judged { period: Some((Timestamp::MIN, at("2026-11-18T00:00:00Z"))), ..judged() };
    assert_eq!(Backtest::of(&[], &Policy::default(), &endless).weeks.len(), 521);
}

#[test]
fn detections_are_counted_by_the_findings_they_are_part_of() {
    let backtest = Backtest::of(&findings(3), &Policy::default(), &judged());
    let guessed = backtest.detections.iter().find(|fired| fired.id == "brute-force-success").unwrap();
    assert_eq!((guessed.findings, guessed.alone, guessed.contained), (3, 0, 3));
    assert!(guessed.title().starts_with("Password guessed"));
    assert!(Backtest::of(&[], &Policy::default(), &Judged::default()).detections.is_empty());
}
