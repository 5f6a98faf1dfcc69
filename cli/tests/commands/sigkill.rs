//! Killed at any instant, `warden run` loses no login and counts none twice.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Served;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_many_points_and_started_again() {
    let served = Served::start().await;
    let (mut kills, mut patience) = (0, 150);
    loop {
        let mut warden = Command::new(env!("CARGO_BIN_EXE_warden"))
            .args(["run", "--once", "--connection"])
            .arg(&served.connection)
            .env("XDG_STATE_HOME", served.path())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(patience)).await;
        if let Some(status) = warden.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            break;
        }
        warden.kill().unwrap();
        warden.wait().unwrap();
        kills += 1;
        patience += patience / 8;
    }
    assert!(kills >= 3, "only {kills} kills: the run was too quick to be interrupted");
    let (code, _, err) = served.run_once(None).await;
    assert_eq!(code, 0, "{err}");
    let counted = counted(&served);
    // Our own token requests are logins too, and the last of them may be younger than the last scan's present.
    let simulator = served.simulator.org();
    let own = |login: &&std::sync::Arc<salesforce_simulator::Login>| {
        simulator.user(&login.user_id).is_some_and(|user| user.username.starts_with("session-warden"))
    };
    let others = simulator.logins().iter().filter(|login| !own(login)).count();
    assert_eq!(counted, others);
}

/// Logins of everybody but ourselves that the store has counted: folded into profiles, or waiting in the tail.
fn counted(served: &Served) -> usize {
    let store = served.path().join("session-warden/warden.sqlite");
    let database = rusqlite::Connection::open(store).unwrap();
    let bodies = |room: &str| -> Vec<(String, Value)> {
        let mut rows = database.prepare("SELECT sort, body FROM records WHERE partition LIKE ?1").unwrap();
        let rows =
            rows.query_map([format!("%/{room}")], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
        rows.map(|row| row.map(|(sort, body)| (sort, serde_json::from_str(&body).unwrap())).unwrap())
            .collect()
    };
    let own: Vec<_> = bodies("accounts")
        .into_iter()
        .filter(|(_, user)| user["kind"] == "warden")
        .map(|(id, _)| id)
        .collect();
    let profiles = bodies("user-profiles");
    let folded = profiles
        .iter()
        .filter(|(id, _)| !own.contains(id))
        .map(|(_, profile)| profile["logins"].as_u64().unwrap());
    let until = bodies("standing")[0].1["committed_until"].as_str().unwrap().to_owned();
    let tail = bodies("tail");
    let waiting = tail.iter().flat_map(|(_, chunk)| chunk.as_array().unwrap()).filter(|entry| {
        let seen = &entry["observation"];
        let user = seen["user_id"].as_str().unwrap_or_default();
        seen["observed"] == "login"
            && seen["time"].as_str().unwrap() >= until.as_str()
            && !own.iter().any(|id| id == user)
    });
    usize::try_from(folded.sum::<u64>()).unwrap() + waiting.count()
}
