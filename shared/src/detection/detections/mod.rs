//! One detection a file: its card, its parameters, its judgement, and beside it the three cases that every detection is
//! tried by (it fires, nearly fires, and is kept quiet).

/// Declares a detection's parameters: the struct that the policy fills, its defaults, and what each means.
macro_rules! parameters {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty = $default:expr,)*) => {
        /// What the policy may change.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Parameters {
            $($(#[doc = $doc])+ pub $name: $kind,)*
        }

        impl Default for Parameters {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        /// Each parameter with what it means.
        const MEANINGS: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),+))),*];
    };
}

macro_rules! modules {
    ($($module:ident: $detection:ident = $id:literal,)*) => {
        $(
            #[doc = concat!("`", $id, "`")]
            pub mod $module;
        )*
    };
}
crate::detection::with_catalogue!(modules);

#[cfg(test)]
pub(crate) mod world;
