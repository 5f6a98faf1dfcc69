//! Who is told.

use serde::{Deserialize, Serialize};

use super::About;
use crate::policy::{Notices, Told};

/// In which quality somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhoIsTold {
    /// Whoever keeps the org safe, by the addresses of the policy; without any, whoever reads the channel.
    Support,
    /// The manager of the user.
    Manager,
    /// The user. His mailbox may be in the same hands as his account.
    User,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// In which quality.
    pub role: WhoIsTold,
    /// An e-mail address, or what the channel understands; `None` for whoever reads the channel.
    pub address: Option<String>,
}

/// Who is told, which is never the user alone: the support always stands first, and the user is among them only where
/// somebody else has an address too. A channel that sends to addresses would else tell the suspect mailbox only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipients {
    all: Vec<Recipient>,
    /// Whether the user is left out because nobody else has an address.
    #[serde(skip)]
    without_user: bool,
}

/// The e-mail addresses of a user and his manager, as Salesforce knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) user: Option<String>,
    pub(crate) manager: Option<String>,
}

impl Recipients {
    /// Whom the policy wants told. What was only seen, or refused, is the support's alone.
    pub(crate) fn of(about: About, notices: &Notices, addresses: &Addresses) -> Self {
        let recipient = |role, address: &String| Recipient { role, address: Some(address.clone()) };
        let mut all: Vec<_> =
            notices.support.iter().map(|address| recipient(WhoIsTold::Support, address)).collect();
        if all.is_empty() {
            all.push(Recipient { role: WhoIsTold::Support, address: None });
        }
        if !about.is_for_support() {
            let wanted = |told: Told| notices.tell.contains(&told);
            let manager = addresses.manager.iter().filter(|_| wanted(Told::Manager));
            all.extend(manager.map(|address| recipient(WhoIsTold::Manager, address)));
            let user = addresses.user.as_ref().filter(|_| wanted(Told::User));
            let others = all.iter().filter_map(|other| other.address.as_ref());
            let is_users = |address: &String| user.is_some_and(|user| user.eq_ignore_ascii_case(address));
            if user.is_some() && others.into_iter().all(is_users) {
                let reader = Recipient { role: WhoIsTold::Support, address: None };
                return Self { all: vec![reader], without_user: true };
            }
            all.extend(user.map(|address| recipient(WhoIsTold::User, address)));
        }
        Self { all, without_user: false }
    }

    /// Whether the user was to be told and is not, for his mailbox would be the only one.
    pub(super) fn leaves_user_out(&self) -> bool {
        self.without_user
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Recipient> {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(about: About, notices: &Notices, addresses: &Addresses) -> Vec<WhoIsTold> {
        Recipients::of(about, notices, addresses).iter().map(|recipient| recipient.role).collect()
    }

    #[test]
    fn a_user_is_never_told_alone() {
        let only_user = Addresses { user: Some("lena@acme.example".to_owned()), manager: None };
        for tell in [vec![], vec![Told::User], vec![Told::User, Told::Manager]] {
            for about in
                [About::Seen, About::Asked, About::Refused, About::Ended, About::NotEnded, About::CameBack]
            {
                let notices = Notices { tell: tell.clone(), ..Notices::default() };
                let told = roles(about, &notices, &only_user);
                assert_eq!(told, [WhoIsTold::Support], "{about} {tell:?}: nobody else has an address");
                let with_support = Notices { support: vec!["soc@acme.example".to_owned()], ..notices };
                let told = roles(about, &with_support, &only_user);
                assert_eq!(told[0], WhoIsTold::Support, "{about} {tell:?}");
            }
        }
    }

    #[test]
    fn his_own_mailbox_under_another_title_is_nobody_else() {
        let user = Some("Ada@acme.example".to_owned());
        let own_manager = Addresses { manager: user.clone(), user };
        let notices = Notices { support: vec!["ada@acme.example".to_owned()], ..Notices::default() };
        let told = Recipients::of(About::Ended, &notices, &own_manager);
        assert!(told.leaves_user_out() && told.iter().all(|to| to.address.is_none()), "{told:?}");
        let notices = Notices { support: vec!["soc@acme.example".to_owned()], ..notices };
        assert!(!Recipients::of(About::Ended, &notices, &own_manager).leaves_user_out());
    }

    #[test]
    fn whom_the_policy_leaves_out_is_not_told() {
        let both = Addresses { user: Some("lena@x".to_owned()), manager: Some("otto@x".to_owned()) };
        let notices = Notices { tell: vec![Told::Manager], support: vec!["soc@x".to_owned()] };
        assert_eq!(roles(About::Ended, &notices, &both), [WhoIsTold::Support, WhoIsTold::Manager]);
        assert_eq!(
            roles(About::Ended, &Notices::default(), &both),
            [WhoIsTold::Support, WhoIsTold::Manager, WhoIsTold::User]
        );
        assert_eq!(roles(About::Seen, &Notices::default(), &both), [WhoIsTold::Support]);
    }
}
