//! Whether an attacker still gets in with what he holds.

use crate::arrival::Source;
use crate::campaign::Loot;
use crate::org::Org;

/// One way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It let him in just now.
    Open,
    /// It turned him away.
    Shut,
    /// He holds no key to it.
    None,
}

/// What an attempt with every piece of loot came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The stolen session.
    pub session: Door,
    /// The stolen refresh token.
    pub refresh_token: Door,
    /// The stolen password.
    pub password: Door,
}

impl Access {
    /// Whether any way in is open.
    pub fn gets_in(self) -> bool {
        [self.session, self.refresh_token, self.password].contains(&Door::Open)
    }
}

impl Org {
    /// A user logs in with his password from this address: what he then works with.
    pub fn log_in(&mut self, user_id: &str, source_ip: &str) -> Option<Loot> {
        let user = self.user(user_id)?;
        let source = Source { ip: source_ip.to_owned().into(), city: None };
        let grant = self.grant_password(&user.username, &user.password, source).ok()?;
        Some(Loot {
            username: user.username.clone(),
            access_token: grant.access_token,
            refresh_token: None,
            password: None,
            source_ip: source_ip.to_owned(),
            city: None,
        })
    }

    /// Whoever holds a refresh token exchanges it: what he then works with, which is a JWT where the org issues those.
    pub fn exchange(&mut self, loot: &Loot) -> Option<Loot> {
        let source = Source { ip: loot.source_ip.clone().into(), city: loot.city };
        let grant = self.grant_refresh(loot.refresh_token.as_ref()?, source).ok()?;
        Some(Loot { access_token: grant.access_token, refresh_token: None, password: None, ..loot.clone() })
    }

    /// Tries every way in. As for any login, a success opens a session and every try leaves its row.
    pub fn attempt(&mut self, loot: &Loot) -> Access {
        let source = || Source { ip: loot.source_ip.clone().into(), city: loot.city };
        let session = door(self.authorize(&loot.access_token).is_some());
        let refresh_token = match &loot.refresh_token {
            Some(token) => door(self.grant_refresh(token, source()).is_ok()),
            None => Door::None,
        };
        let password = match &loot.password {
            Some(password) => door(self.grant_password(&loot.username, password, source()).is_ok()),
            None => Door::None,
        };
        Access { session, refresh_token, password }
    }
}

fn door(open: bool) -> Door {
    if open { Door::Open } else { Door::Shut }
}
