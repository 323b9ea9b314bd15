//! Kopecks and providers' formats of roubles, without floats.

use domain::kernel::Amount;
use serde_json::value::RawValue;

use super::Unreadable;

/// Roubles with two decimals and a dot: `990.00`.
pub(super) fn roubles(amount: Amount) -> String {
    let (sign, kopecks) =
        if amount.units() < 0 { ("-", amount.units().unsigned_abs()) } else { ("", amount.units().unsigned_abs()) };
    format!("{sign}{}.{:02}", kopecks / 100, kopecks % 100)
}

/// The same as a JSON number.
pub(super) fn roubles_number(amount: Amount) -> Result<Box<RawValue>, Unreadable> {
    RawValue::from_string(roubles(amount)).map_err(|error| Unreadable::json("amount", &error))
}

/// Kopecks from roubles such as `990`, `990.5`, `990.00` or `990.000000`. Decimals after the second must be zeros;
/// signs, exponents and separators are rejected.
pub(super) fn kopecks(text: &str) -> Result<Amount, Unreadable> {
    let malformed = || Unreadable::new("an amount is not roubles and kopecks");
    let (roubles, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(roubles) || !are_digits(decimals) {
        return Err(malformed());
    }
    let (cents, rest) = decimals.split_at(decimals.len().min(2));
    if rest.bytes().any(|byte| byte != b'0') {
        return Err(malformed());
    }
    let roubles: i64 = roubles.parse().map_err(|_| malformed())?;
    let cents: i64 = format!("{cents:0<2}").parse().map_err(|_| malformed())?;
    let units = roubles.checked_mul(100).and_then(|units| units.checked_add(cents));
    units.map(Amount::new).ok_or_else(malformed)
}

/// Kopecks from an integer.
pub(super) fn whole_kopecks(text: &str) -> Result<Amount, Unreadable> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let units = if is_number { text.parse().ok() } else { None };
    units.map(Amount::new).ok_or_else(|| Unreadable::new("an amount is not a whole number of kopecks"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn roubles_have_two_decimals() {
        for (units, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (99_000, "990.00"),
            (123_456, "1234.56"),
            (-150, "-1.50"),
            (i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(roubles(Amount::new(units)), text);
            assert_eq!(roubles_number(Amount::new(units)).unwrap().get(), text);
        }
    }

    #[test]
    fn every_way_to_write_an_amount_is_read_exactly() {
        for (text, units) in [
            ("990.000000", 99_000),
            ("990.00", 99_000),
            ("990", 99_000),
            ("990.5", 99_050),
            ("0990.05", 99_005),
            ("0.01", 1),
            ("0", 0),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(kopecks(text).unwrap(), Amount::new(units), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        let long = "9".repeat(400);
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,5",
            "1 000",
            "1.005",
            "1.0000001",
            "0x10",
            "١",
            "NaN",
            "1.5.0",
            "92233720368547758.08",
            &long,
        ] {
            assert!(kopecks(text).is_err(), "{text}");
        }
        for text in ["", "-1", "+1", "1.0", "1e3", "9223372036854775808", " 1", &long] {
            assert!(whole_kopecks(text).is_err(), "{text}");
        }
        assert_eq!(whole_kopecks("9855").unwrap(), Amount::new(9855));
    }

    proptest! {
        #[test]
        fn amounts_survive_the_way_there_and_back(units in 0..=i64::MAX, zeros in 0_usize..5) {
            let text = format!("{}{}", roubles(Amount::new(units)), "0".repeat(zeros));
            prop_assert_eq!(kopecks(&text).unwrap(), Amount::new(units));
        }

        #[test]
        fn any_text_is_survived(text in ".*") {
            let _ = (kopecks(&text), whole_kopecks(&text));
        }
    }
}
