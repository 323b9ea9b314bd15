//! Kopecks in each provider's notation, without fractions.

/// `99000` as `990.00`.
pub(super) fn roubles(kopecks: i64) -> String {
    format!("{}.{:02}", kopecks / 100, kopecks % 100)
}

/// A decimal number of roubles; digits beyond kopecks must be zeros.
pub(super) fn kopecks(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let (cents, rest) = fraction.split_at_checked(2).unwrap_or((fraction, ""));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kopecks_survive_their_spelling() {
        for (text, number) in [("990.00", 99_000), ("990.000000", 99_000), ("990", 99_000), ("0.5", 50), ("1.05", 105)]
        {
            assert_eq!(kopecks(text), Some(number), "{text}");
        }
        assert_eq!((roubles(99_000).as_str(), roubles(5).as_str()), ("990.00", "0.05"));
        for bad in ["", ".5", "1.001", "-1", "1e3", "1,00", "9999999999999"] {
            assert_eq!(kopecks(bad), None, "{bad}");
        }
    }
}
