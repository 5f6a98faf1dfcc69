//! Each detection's mode and parameters.

use serde::{Deserialize, Serialize};

use super::Mode;
use crate::detection::{detections, with_catalogue};

/// What was decided about one detection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule<P: Default> {
    /// Its own mode; the policy's where omitted.
    pub mode: Option<Mode>,
    /// Its own parameters; their defaults where omitted.
    pub parameters: P,
}

macro_rules! rules {
    ($($module:ident: $detection:ident = $id:literal,)*) => {
        /// What was decided about each detection.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Detections {
            $(
                #[doc = concat!("`", $id, "`")]
                #[serde(rename = $id)]
                pub $module: Rule<detections::$module::Parameters>,
            )*
        }

        impl Detections {
            /// The mode that was decided for a detection alone, by its id.
            pub fn mode_of(&self, id: &str) -> Option<Mode> {
                match id {
                    $($id => self.$module.mode,)*
                    _ => None,
                }
            }
        }
    };
}
with_catalogue!(rules);
