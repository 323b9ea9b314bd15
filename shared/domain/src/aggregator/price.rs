//! Prices of tokens, in whole nano-dollars: 10⁻⁹ US dollars.

use std::str::FromStr;

use serde::Deserialize;

use crate::kernel::Amount;

/// Nano-dollars in a dollar.
pub const NANOS: i64 = 1_000_000_000;
/// Prices are per million tokens.
const TOKENS: i128 = 1_000_000;

/// Nano-dollars for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Rate(i64);

impl Rate {
    /// US dollars per token, for display only; nothing is billed from it.
    #[expect(clippy::cast_precision_loss, reason = "the contract's JSON has numbers; prices have few digits")]
    pub fn dollars_per_token(self) -> f64 {
        self.0 as f64 / 1e15
    }
}

impl TryFrom<String> for Rate {
    type Error = MalformedDollars;

    fn try_from(text: String) -> Result<Self, MalformedDollars> {
        parse_dollars(&text).map(|amount| Self(amount.units()))
    }
}

/// Prices of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Prompt tokens.
    pub input: Rate,
    /// Prompt tokens that the vendor had in its cache.
    pub cached_input: Rate,
    /// Completion tokens.
    pub output: Rate,
}

impl Price {
    /// The cost of a call, `cached` of its `prompt` tokens at their own rate. Rounded up to a nano-dollar, once.
    pub fn cost(&self, prompt: u64, cached: u64, completion: u64) -> Amount {
        let cached = cached.min(prompt);
        let part = |tokens: u64, rate: Rate| i128::from(tokens).saturating_mul(i128::from(rate.0));
        let sum = part(prompt - cached, self.input) + part(cached, self.cached_input) + part(completion, self.output);
        Amount::new(i64::try_from(sum.saturating_add(TOKENS - 1) / TOKENS).unwrap_or(i64::MAX))
    }
}

/// The text is not an amount of dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected US dollars with at most nine decimals, such as 2.50")]
pub struct MalformedDollars;

/// Parses US dollars, exactly.
pub fn parse_dollars(text: &str) -> Result<Amount, MalformedDollars> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(MalformedDollars);
    }
    let whole = i64::from_str(whole).map_err(|_| MalformedDollars)?;
    let fraction = i64::from_str(&format!("{fraction:0<9}")).map_err(|_| MalformedDollars)?;
    let nanos = whole.checked_mul(NANOS).and_then(|nanos| nanos.checked_add(fraction));
    nanos.map(Amount::new).ok_or(MalformedDollars)
}

/// Nano-dollars as US dollars: the shortest exact decimal number.
pub fn dollars(amount: Amount) -> String {
    let nanos = amount.units();
    let sign = if nanos < 0 { "-" } else { "" };
    let (whole, fraction) = (nanos.unsigned_abs() / NANOS.unsigned_abs(), nanos.unsigned_abs() % NANOS.unsigned_abs());
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:09}");
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(input: &str, cached: &str, output: &str) -> Price {
        let rate = |text: &str| Rate::try_from(text.to_owned()).unwrap();
        Price { input: rate(input), cached_input: rate(cached), output: rate(output) }
    }

    #[test]
    fn costs_are_exact_to_the_nano_dollar() {
        // The contract's example: 10 and 15 tokens of gpt-4.
        assert_eq!(price("30", "30", "60").cost(10, 0, 15), Amount::new(1_200_000));
        assert_eq!(price("0.15", "0.075", "0.6").cost(1000, 400, 10), Amount::new(600 * 150 + 400 * 75 + 10 * 600));
        assert_eq!(price("0.0375", "0", "0").cost(1, 0, 0), Amount::new(38), "37.5 is rounded up");
        assert_eq!(price("0.0375", "0", "0").cost(2, 0, 0), Amount::new(75));
        assert_eq!(price("1", "0", "0").cost(5, 9, 0), Amount::ZERO, "no more is cached than was read");
        assert_eq!(price("9000000000", "0", "0").cost(u64::MAX, 0, 0), Amount::new(i64::MAX));
    }

    #[test]
    fn dollars_are_read_and_written_without_loss() {
        for (text, nanos) in
            [("0", 0), ("1", NANOS), ("100.5", 100_500_000_000), ("0.00125", 1_250_000), ("0.000000001", 1)]
        {
            assert_eq!(parse_dollars(text), Ok(Amount::new(nanos)));
            assert_eq!(dollars(Amount::new(nanos)), text);
        }
        assert_eq!(dollars(Amount::new(-1_250_000)), "-0.00125");
        for bad in ["", ".", "1.", ".5", "-1", "1e3", "1.0000000001", "10000000000", "1,5", " 1"] {
            assert_eq!(parse_dollars(bad), Err(MalformedDollars), "{bad}");
        }
        assert!((Rate(30_000_000_000).dollars_per_token() - 0.00003).abs() < 1e-18);
    }

    #[test]
    fn any_amount_survives() {
        for power in 0..63 {
            for nanos in [1_i64 << power, (1_i64 << power) - 1, (1_i64 << power).wrapping_mul(3).max(0)] {
                assert_eq!(parse_dollars(&dollars(Amount::new(nanos))), Ok(Amount::new(nanos)), "{nanos}");
            }
        }
    }
}
