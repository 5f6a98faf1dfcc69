//! Each undocumented behaviour, both ways.

use crate::support::{Api, answer, log_in, now, small, started};
use jiff::ToSpan;
use reqwest::Method;
use salesforce_simulator::{
    AccessStatus, Clock, FreezePermission, LateRows, LoginRows, LoginSubType, LoginUser, Outsiders,
    PasswordReset, Permission, Simulator, Switches, Write,
};
use serde_json::json;
use std::collections::BTreeSet;

fn name(simulator: &Simulator, role: &str) -> String {
    simulator.connection_document()[role]["username"].as_str().unwrap().to_owned()
}

#[test]
fn each_switch_is_turned_once_and_pairs_come_by_seed() {
    let each: Vec<(&str, Switches)> = Switches::each().collect();
    let names: BTreeSet<&str> = each.iter().map(|(name, _)| *name).collect();
    assert_eq!((each[0].1, names.len()), (Switches::default(), each.len()));
    assert!(names.contains("cascade: Off") && names.contains("pages: Smaller"));
    for (place, (name, switches)) in each.iter().enumerate() {
        assert!(each[..place].iter().all(|(_, other)| other != switches), "{name}");
    }
    let pairs = |seed: u64| Switches::pairs(seed).take(30).collect::<Vec<_>>();
    assert_eq!(pairs(4), pairs(4));
    assert_ne!(pairs(4), pairs(5));
    assert!(pairs(4).iter().all(|(_, pair)| each.iter().all(|(_, single)| single != pair)));
}

#[tokio::test]
async fn outsiders_see_their_own_rows_or_an_error() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let scanner = name(&simulator, "scanner");
    for permission in
        [Permission::ManageUsers, Permission::MonitorLoginHistory, Permission::CustomizeApplication]
    {
        simulator.org().remove_permission(&scanner, permission);
    }
    for (object, own) in [("LoginHistory", 1), ("AuthSession", 1), ("OauthToken", 0)] {
        let soql = format!("SELECT CreatedDate FROM {object}")
            .replace("CreatedDate FROM LoginHistory", "Id FROM LoginHistory");
        simulator.org().switches_mut().outsiders = Outsiders::OwnRows;
        assert_eq!(api.records(&soql).await.len(), own, "{object}");
        simulator.org().switches_mut().outsiders = Outsiders::Refused;
        let (status, body) = api.query(&soql).await;
        assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALID_TYPE")), "{object}");
    }
    assert!(api.records("SELECT Id FROM User").await.len() > 10);
    simulator.org().remove_permission(&scanner, Permission::ViewAllUsers);
    assert_eq!(api.records("SELECT Id FROM User").await.len(), 1);
    simulator.org().remove_permission(&scanner, Permission::FreezeUsers);
    assert_eq!(api.records("SELECT Id FROM UserLogin").await.len(), 1);
}

#[tokio::test]
async fn freeze_users_may_be_too_little() {
    let simulator = started().await;
    let api = log_in(&simulator, "revoker").await;
    simulator.org().remove_permission(&name(&simulator, "revoker"), Permission::ManageUsers);
    let user = simulator.org().users()[9].id;
    let state = simulator.org().login_state(&user).unwrap().id.to_string();
    assert_eq!(api.freeze(&state, json!({"IsFrozen": true})).await.0, 204);
    simulator.org().switches_mut().freeze_permission = FreezePermission::PageOnly;
    assert_eq!(api.freeze(&state, json!({"IsFrozen": false})).await.0, 403);
    simulator.org().switches_mut().access_status = AccessStatus::BadRequest;
    let (status, body) = api.freeze(&state, json!({"IsFrozen": false})).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INSUFFICIENT_ACCESS_OR_READONLY")));
}

#[tokio::test]
async fn a_password_reset_may_answer_the_new_password() {
    let simulator = started().await;
    let api = log_in(&simulator, "revoker").await;
    let user = simulator.org().users()[20].id.to_string();
    let path = format!("/services/data/v67.0/sobjects/User/{user}/password");
    let revoker = name(&simulator, "revoker");
    simulator.org().remove_permission(&revoker, Permission::ResetPasswords);
    assert_eq!(api.call(Method::DELETE, &path, &[]).await.status(), 403);
    assert!(!simulator.org().permissions_of(&user).contains(Permission::ResetPasswords));
    simulator.org().grant_permission(&revoker, Permission::ResetPasswords);
    let reset = answer(api.call(Method::DELETE, &path, &[]).await).await;
    assert_eq!(reset, (204, json!("")));
    simulator.org().switches_mut().password_reset = PasswordReset::NewPassword;
    let (status, body) = answer(api.call(Method::DELETE, &path, &[]).await).await;
    assert!(status == 200 && body["NewPassword"].is_string());
    assert_eq!(answer(api.call(Method::GET, &path, &[]).await).await.1, json!({"IsExpired": false}));
    let asked = Write::ChangedPassword { user_id: user };
    assert_eq!(simulator.org().take_writes(), [asked.clone(), asked.clone(), asked]);
    simulator.finish().unwrap();
}

#[tokio::test]
async fn login_rows_may_be_late_and_out_of_order() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let seen = async |api: &Api| {
        api.query("SELECT COUNT() FROM LoginHistory").await.1["totalSize"].as_u64().unwrap()
    };
    let time = now() + 10.seconds();
    simulator.org().set_clock(Clock::Fixed(time));
    let user = simulator.org().users()[3].clone();
    let before = seen(&api).await;
    simulator.org().switches_mut().login_rows = LoginRows::Late;
    for _ in 0..12 {
        let form = [("grant_type", "password"), ("username", user.username.as_str()), ("password", "wrong")];
        crate::support::token_answer(&simulator, &form).await;
    }
    let now_seen = seen(&api).await;
    assert!(now_seen < before + 12, "{now_seen} {before}");
    simulator.org().set_clock(Clock::Fixed(time + 30.seconds()));
    assert_eq!(seen(&api).await, before + 12);
    simulator.org().set_late_rows(LateRows { seconds: 600, one_of: 1 });
    assert!(seen(&api).await < before);
    simulator.org().set_clock(Clock::Fixed(time + 600.seconds()));
    assert_eq!(seen(&api).await, before + 12);
}

#[tokio::test]
async fn a_login_may_have_a_user_and_a_sub_type_in_words() {
    let simulator = started().await;
    let api = log_in(&simulator, "scanner").await;
    let soql = "SELECT LoginSubType, User.Username FROM LoginHistory WHERE LoginSubType != null LIMIT 1";
    let (status, body) = api.query(soql).await;
    assert!(status == 400 && body[0]["message"].as_str().unwrap().contains("relationship 'User'"), "{body}");
    simulator.org().switches_mut().login_user = LoginUser::Related;
    let code = api.records(soql).await[0].clone();
    assert!(code["User"]["Username"].is_string());
    simulator.org().switches_mut().login_sub_type = LoginSubType::Label;
    let label = api.records(soql).await[0]["LoginSubType"].as_str().unwrap().to_owned();
    assert!(
        label.contains(' ') && label.replace(' ', "") == code["LoginSubType"].as_str().unwrap(),
        "{label}"
    );
}

#[tokio::test]
async fn every_switch_leaves_an_org_that_answers() {
    for (name, switches) in Switches::each() {
        let mut org = small();
        *org.switches_mut() = switches;
        let simulator = Simulator::start(org).await.unwrap();
        let api = log_in(&simulator, "scanner").await;
        assert!(
            !api.records("SELECT Id FROM LoginHistory ORDER BY LoginTime, Id").await.is_empty(),
            "{name}"
        );
        simulator.finish().unwrap();
    }
}
