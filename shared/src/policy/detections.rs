//! Each detection's mode and parameters.

use serde::{Deserialize, Serialize};

use super::Mode;
use crate::detection::detections::{
    brute_force_success, factor_registered, impossible_travel, integration_network, new_application,
    session_address, sso_bypass,
};

/// What was decided about one detection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule<P: Default> {
    /// Its own mode; the policy's where omitted.
    pub mode: Option<Mode>,
    /// Its own parameters; their defaults where omitted.
    pub parameters: P,
}

macro_rules! detections {
    ($($field:ident: $parameters:ty = $id:literal,)*) => {
        /// What was decided about each detection.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Detections {
            $(
                #[doc = concat!("`", $id, "`")]
                #[serde(rename = $id)]
                pub $field: Rule<$parameters>,
            )*
        }

        impl Detections {
            /// The mode that was decided for a detection alone, by its id.
            pub fn mode_of(&self, id: &str) -> Option<Mode> {
                match id {
                    $($id => self.$field.mode,)*
                    _ => None,
                }
            }
        }
    };
}

detections! {
    brute_force_success: brute_force_success::Parameters = "brute-force-success",
    impossible_travel: impossible_travel::Parameters = "impossible-travel",
    integration_network: integration_network::Parameters = "integration-network",
    new_application: new_application::Parameters = "new-application",
    sso_bypass: sso_bypass::Parameters = "sso-bypass",
    factor_registered: factor_registered::Parameters = "factor-registered",
    session_address: session_address::Parameters = "session-address",
}
