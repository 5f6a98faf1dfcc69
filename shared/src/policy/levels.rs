//! How far the policy goes by itself at each level.

use serde::{Deserialize, Serialize};

use super::Mode;
use crate::detection::Level;

/// How far the policy goes by itself at each level, at most: of a detection's mode and its level's the stricter one holds.
/// `off` holds for people too: nobody ends access at that level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LevelModes {
    /// Hostile sessions of a user.
    pub session: Mode,
    /// Everything that a user holds.
    pub user: Mode,
    /// Every token of an application: `ask`, since two people decide, or `off`.
    pub app: Mode,
    /// Every session of the org: `ask`, since two people decide, or `off`.
    pub org: Mode,
}

impl Default for LevelModes {
    fn default() -> Self {
        Self { session: Mode::Contain, user: Mode::Contain, app: Mode::Ask, org: Mode::Ask }
    }
}

impl LevelModes {
    /// The mode of a level.
    pub fn of(self, level: Level) -> Mode {
        match level {
            Level::Session => self.session,
            Level::User => self.user,
            Level::App => self.app,
            Level::Org => self.org,
        }
    }
}
