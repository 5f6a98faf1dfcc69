//! Where a store is, as an operator writes it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::{MemoryStore, Store, StoreError};

/// `sqlite:PATH`, `dynamodb:TABLE` or `memory:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// DynamoDB tables whose names begin so.
    DynamoDb(String),
    /// This process only.
    Memory,
}

/// What was written names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no store ({reason}); write sqlite:PATH, dynamodb:TABLE or memory:")]
pub struct LocationError {
    text: String,
    reason: &'static str,
}

impl StoreLocation {
    /// Reads what an operator wrote.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let refused = |reason| LocationError { text: text.to_owned(), reason };
        match text.split_once(':') {
            Some(("sqlite", "")) => Err(refused("the path is missing")),
            // A shell leaves it as it is behind the colon, and a directory called `~` helps nobody.
            Some(("sqlite", path)) if path.starts_with('~') => Err(refused("`~` is not replaced here")),
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.into())),
            Some(("dynamodb", "")) => Err(refused("the table is missing")),
            Some(("dynamodb", table)) if !is_table_name(table) => Err(refused("that is no table's name")),
            Some(("dynamodb", table)) => Ok(Self::DynamoDb(table.to_owned())),
            Some(("memory", "")) => Ok(Self::Memory),
            Some(_) => Err(refused("that kind of store is unknown")),
            None => Err(refused("the kind of store is missing")),
        }
    }

    /// The store that all commands share unless told otherwise, below the user's state directory.
    pub fn default_in(state_directory: &Path) -> Self {
        Self::Sqlite(state_directory.join("session-warden").join("warden.sqlite"))
    }

    /// Opens the store, and makes it if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also when this build has no such adapter.
    #[cfg_attr(
        not(feature = "dynamodb"),
        expect(clippy::unused_async, reason = "a store across the network is opened across the network")
    )]
    pub async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        match self {
            Self::Memory => Ok(Arc::new(MemoryStore::new())),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(path) => Ok(Arc::new(super::SqliteStore::open(path)?)),
            #[cfg(not(feature = "sqlite"))]
            Self::Sqlite(_) => Err(self.not_built("SQLite")),
            #[cfg(feature = "dynamodb")]
            Self::DynamoDb(prefix) => {
                let configuration = crate::aws::configuration().await.map_err(|error| {
                    StoreError::Unavailable { store: self.to_string(), reason: error.to_string() }
                })?;
                Ok(Arc::new(super::DynamoDbStore::new(configuration, prefix)))
            }
            #[cfg(not(feature = "dynamodb"))]
            Self::DynamoDb(_) => Err(self.not_built("DynamoDB")),
        }
    }

    #[cfg(not(all(feature = "dynamodb", feature = "sqlite")))]
    fn not_built(&self, adapter: &str) -> StoreError {
        let reason = format!("this build has no {adapter}");
        StoreError::Unavailable { store: self.to_string(), reason }
    }
}

/// Source: DynamoDB Developer Guide, naming rules.
fn is_table_name(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (3..=255).contains(&text.len()) && text.bytes().all(known)
}

impl FromStr for StoreLocation {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::DynamoDb(table) => write!(f, "dynamodb:{table}"),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        for text in ["sqlite:/var/lib/warden.sqlite", "sqlite:a:b", "dynamodb:session-warden", "memory:"] {
            assert_eq!(StoreLocation::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_no_store_is_refused_with_the_choice() {
        for text in
            ["", "memory", "memory:x", "sqlite:", "sqlite:~/w", "dynamodb:", "dynamodb:a b", "mysql:x"]
        {
            let error = StoreLocation::parse(text).unwrap_err().to_string();
            assert!(error.contains("sqlite:PATH") && error.contains(&format!("`{text}`")), "{error}");
        }
    }

    #[cfg(not(feature = "dynamodb"))]
    #[tokio::test]
    async fn a_build_without_dynamodb_says_so() {
        let error = StoreLocation::parse("dynamodb:warden").unwrap().open().await.err().unwrap().to_string();
        assert_eq!(error, "the store dynamodb:warden cannot be used: this build has no DynamoDB");
    }

    #[test]
    fn the_default_lies_below_the_state_directory() {
        let location = StoreLocation::default_in(Path::new("/home/ada/.local/state"));
        assert_eq!(location.to_string(), "sqlite:/home/ada/.local/state/session-warden/warden.sqlite");
    }
}
