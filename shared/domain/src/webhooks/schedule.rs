//! When a delivery is tried again.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::DeliveryId;

/// How often a delivery is tried. With the pauses between, that is a little over three days.
pub const MAX_ATTEMPTS: u32 = 10;

/// The pause before each attempt, as Standard Webhooks recommends.
const PAUSES: [Duration; MAX_ATTEMPTS as usize] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The longest pause that a receiver can ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// The shortest pause for a receiver that says that it is overloaded without saying how long.
const OVERLOADED: Duration = Duration::from_mins(1);

/// How long to wait after `made` attempts, the last of which was answered with `status`, if it was, and a wish to wait
/// for `asked`. `None` after the last attempt.
///
/// The pauses vary by up to a fifth, so that the deliveries that a receiver missed at once do not come back at once.
/// Given the same delivery, they are the same.
pub(super) fn pause(delivery: DeliveryId, made: u32, status: Option<u16>, asked: Option<Duration>) -> Option<Duration> {
    let planned = vary(*PAUSES.get(usize::try_from(made).ok()?)?, delivery, made);
    let least = match (asked, status) {
        (Some(asked), _) => asked.min(LONGEST_ASKED),
        (None, Some(429 | 502 | 504)) => OVERLOADED,
        (None, _) => Duration::ZERO,
    };
    Some(planned.max(least))
}

/// Between 80 and 120 percent of `pause`, in whole milliseconds.
fn vary(pause: Duration, delivery: DeliveryId, made: u32) -> Duration {
    let hash = Sha256::new().chain_update(delivery.as_uuid().as_bytes()).chain_update(made.to_be_bytes()).finalize();
    let random = hash.iter().take(4).fold(0_u32, |sum, &byte| (sum << 8) | u32::from(byte));
    let thousandths = 800 + random % 401;
    let millis = pause.as_millis() * u128::from(thousandths) / 1000;
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn of(number: u128, made: u32) -> Option<Duration> {
        pause(Uuid::from_u128(number).into(), made, Some(500), None)
    }

    #[test]
    fn pauses_grow_over_three_days_and_end() {
        let planned: Duration = PAUSES.iter().sum();
        assert_eq!(planned, Duration::from_secs(5) + Duration::from_mins(35) + Duration::from_hours(75));
        for made in 1..MAX_ATTEMPTS {
            let planned = PAUSES[made as usize];
            for number in 0..200 {
                let pause = of(number, made).unwrap();
                assert!(pause >= planned.mul_f64(0.8) && pause <= planned.mul_f64(1.2), "{made}: {pause:?}");
            }
        }
        assert_eq!(of(1, MAX_ATTEMPTS), None);
        assert_eq!(of(1, u32::MAX), None);
    }

    #[test]
    fn pauses_vary_by_delivery_and_not_by_call() {
        assert_eq!(of(1, 5), of(1, 5));
        let different: std::collections::HashSet<_> = (0..50).map(|number| of(number, 5)).collect();
        assert!(different.len() > 40);
    }

    #[test]
    fn who_asks_to_wait_is_waited_for_but_not_for_ever() {
        let asked = |status, seconds| pause(Uuid::nil().into(), 1, Some(status), Some(Duration::from_secs(seconds)));
        assert_eq!(asked(503, 3600), Some(Duration::from_hours(1)));
        assert_eq!(asked(429, 10_000_000), Some(Duration::from_hours(24)));
        assert!(asked(429, 0).unwrap() < Duration::from_secs(7), "who asks for nothing gets the plan");
        for status in [429, 502, 504] {
            assert_eq!(pause(Uuid::nil().into(), 1, Some(status), None), Some(Duration::from_mins(1)));
        }
        assert!(pause(Uuid::nil().into(), 1, None, None).unwrap() < Duration::from_secs(7));
        assert_eq!(pause(Uuid::nil().into(), MAX_ATTEMPTS, Some(429), Some(Duration::from_secs(1))), None);
    }
}
