//! What was seen, decided and done, kept so that a later change of it is found.
//!
//! Each org has one chain of entries, each with the hash of the one before. Payloads lie beside the chain and can be
//! redacted; their hashes stay. Somebody who may write to the store can build a new chain, so its head is signed and
//! kept elsewhere ([`HeadSigner`]): a chain that does not lead through the signed head is not the one that was kept.

mod anchor;
mod case;
mod encoding;
mod entry;
mod ledger;
mod reading;
mod redacted_copy;
mod redaction;
mod retention;
mod verify;

pub use anchor::{Anchor, AnchorError, HeadSigner, PublicKey, Signature, SignedHead};
pub use case::{CaseEntry, CaseFile};
pub use encoding::Digest;
pub(crate) use encoding::Encoding;
pub use entry::{Entry, EntryKind, Head, Payload, Recorded, Redaction, Retention};
pub use ledger::{Ledger, PAYLOAD_LIMIT};
pub use redacted_copy::RedactedCopy;
pub use verify::{Damage, LedgerError, Verified};
