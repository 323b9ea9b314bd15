//! The ids of this product, and what contexts know them as.

use crate::kernel::{UserId, typed_id};
use crate::ledger::AccountId;
use crate::webhooks::Owner;

typed_id! {
    /// A company: a user of `identity`, the owner of an account of `ledger` and of the endpoints of `webhooks`, under
    /// one UUID.
    CompanyId
}
typed_id! {
    /// An API key's id; no secret.
    KeyId
}

/// Conversions between ids that are the same UUID.
macro_rules! same_uuid {
    ($($from:ident -> $to:ident),+) => {
        $(impl From<$from> for $to {
            fn from(id: $from) -> Self {
                id.as_uuid().into()
            }
        })+
    };
}

same_uuid!(CompanyId -> UserId, UserId -> CompanyId);
same_uuid!(CompanyId -> AccountId, AccountId -> CompanyId);
same_uuid!(CompanyId -> Owner, Owner -> CompanyId);
