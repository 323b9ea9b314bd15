//! Arbitrary calls: reading one never panics, and never believes one.

use domain::payments::provider::{NotificationError, PaymentProvider};
use proptest::prelude::*;

use super::{Call, cloudpayments, robokassa, tbank, yookassa};
use crate::fixtures::patient;

/// Nobody listens there, so a notice that led to a question would be told as unchecked.
const NOWHERE: &str = "http://127.0.0.1:1";

fn providers() -> [Box<dyn PaymentProvider>; 4] {
    [
        Box::new(yookassa(NOWHERE, patient())),
        Box::new(robokassa(NOWHERE, patient())),
        Box::new(cloudpayments(NOWHERE, patient())),
        Box::new(tbank(NOWHERE, patient())),
    ]
}

fn read_by_all(call: &Call<'_>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for provider in providers() {
        let read = runtime.block_on(call.read_by(&*provider));
        prop_assert!(
            matches!(read, Err(NotificationError::Forged(_) | NotificationError::Malformed(_))),
            "{}: {:?}",
            provider.id(),
            read
        );
    }
    Ok(())
}

/// Pieces of real notices, put together at random.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(":"),
        Just(","),
        Just("\""),
        Just("="),
        Just("&"),
        Just("%"),
        Just("\\u0"),
        Just("\"Token\""),
        Just("\"Amount\""),
        Just("TerminalKey"),
        Just("OrderId"),
        Just("OutSum"),
        Just("InvId"),
        Just("SignatureValue"),
        Just("Shp_payment"),
        Just("InvoiceId"),
        Just("\"event\""),
        Just("\"object\""),
        Just("\"id\""),
        Just("1e999"),
        Just("-0"),
        Just("990.000000"),
        Just("null"),
        Just("true"),
        Just("я"),
        Just("\u{0}"),
    ];
    proptest::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        query in ".{0,60}",
        kind in prop_oneof![Just("pay"), Just("check"), Just("refund"), Just("")],
        content_type in prop_oneof![Just("application/json"), Just("application/x-www-form-urlencoded"), Just("")],
        mac in proptest::option::of(".{0,60}"),
    ) {
        let source = "185.71.76.1".parse().ok();
        read_by_all(&Call { kind, query: &query, content_type, mac: mac.as_deref(), body: &body, source })?;
    }

    #[test]
    fn scraps_of_notices_are_survived(body in scraps(), query in scraps()) {
        let source = "185.71.76.1".parse().ok();
        for content_type in ["application/json", ""] {
            let call = Call { kind: "pay", query: &query, content_type, mac: Some("AAAA"), body: body.as_bytes(), source };
            read_by_all(&call)?;
        }
    }
}
