//! Why a policy could not be read.

/// A policy that cannot be used. Nothing automatic happens under it.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// There is no such file, or it may not be read.
    #[error("the policy {file} cannot be read: {reason}")]
    NoFile {
        /// Its path.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The text is not YAML, has an unknown key, or a value of the wrong kind. The reason names line and column.
    #[error("the policy cannot be read: {0}")]
    Unreadable(String),
    /// The text is well-formed and a value makes no sense.
    #[error("the policy's `{key}` is {found}: {wanted}")]
    Unusable {
        /// The key, dotted.
        key: &'static str,
        /// What stands there.
        found: String,
        /// What may stand there.
        wanted: &'static str,
    },
}
