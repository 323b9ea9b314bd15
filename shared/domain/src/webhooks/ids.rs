//! The ids of this context.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::{Timestamp, UserId, typed_id};

typed_id! {
    /// Whose endpoints they are: a company, or whatever else the product has.
    Owner
}
typed_id! {
    /// One address that events are sent to.
    EndpointId
}
typed_id! {
    /// One event on its way to one endpoint.
    DeliveryId
}

impl From<UserId> for Owner {
    fn from(user: UserId) -> Self {
        Self(user.as_uuid())
    }
}

impl DeliveryId {
    /// The same event to the same endpoint is always the same delivery. It sorts as the event does.
    pub(super) fn of(event: Uuid, endpoint: EndpointId) -> Self {
        let hash = Sha256::new().chain_update(event.as_bytes()).chain_update(endpoint.as_uuid().as_bytes()).finalize();
        Self(timed(event.as_bytes(), &hash))
    }
}

/// The id of something that happened at `at` and that `subject` tells from all else: a caller that publishes it again,
/// after a crash, comes to the same id.
pub fn event_id(at: Timestamp, subject: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in subject {
        // Lengths keep neighbours apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    // A UUIDv7's time is 48 bits of milliseconds.
    let time = (at.as_millisecond().max(0) << 16).to_be_bytes();
    timed(&time, &hash.finalize())
}

/// A UUIDv8 (RFC 9562, 5.8): the first six bytes of `time`, as a UUIDv7 has them, and a hash after them.
fn timed(time: &[u8], hash: &[u8]) -> Uuid {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(time.iter().take(6).chain(hash)) {
        *to = *from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn events_sort_by_time_and_differ_by_subject() {
        let early = event_id(at(1_768_478_400_000), &["payment", "1"]);
        assert_eq!(early, event_id(at(1_768_478_400_000), &["payment", "1"]));
        assert_ne!(early, event_id(at(1_768_478_400_000), &["payment1", ""]));
        assert!(early < event_id(at(1_768_478_400_001), &["payment", "1"]));
        assert_eq!(early.get_version_num(), 8);
        assert!(early.to_string().starts_with("019bc1"), "{early}");
    }

    #[test]
    fn a_delivery_is_told_by_event_and_endpoint_and_sorts_as_the_event_does() {
        let (one, two) = (EndpointId(Uuid::from_u128(1)), EndpointId(Uuid::from_u128(2)));
        let (early, late) = (event_id(at(1_000_000), &["a"]), event_id(at(1_000_001), &["a"]));
        assert_eq!(DeliveryId::of(early, one), DeliveryId::of(early, one));
        assert_ne!(DeliveryId::of(early, one), DeliveryId::of(early, two));
        assert!(DeliveryId::of(early, one) < DeliveryId::of(late, two));
        assert!(DeliveryId::of(early, two) < DeliveryId::of(late, one));
    }
}
