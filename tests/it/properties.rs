//! Parsers that face the outside: round trips, and no input that makes them panic.

use domain::identity::{AccessToken, Email, TokenIssuer};
use domain::kernel::Timestamp;
use proptest::prelude::*;
use store::Cursor;
use uuid::Uuid;

fn issuer() -> TokenIssuer {
    TokenIssuer::new("easy-writer", "test-secret-test-secret-test-secret-1".parse().expect("keys"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

proptest! {
    #[test]
    fn cursors_survive_the_round_trip(attributes in proptest::collection::vec((".{0,12}", ".{0,40}"), 0..6)) {
        let cursor = Cursor::new(attributes);
        prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
    }

    #[test]
    fn no_text_makes_the_cursor_parser_panic(text in ".{0,200}") {
        let _ = text.parse::<Cursor>();
    }

    #[test]
    fn no_text_is_a_token_or_makes_the_parser_panic(text in "[A-Za-z0-9_.=-]{0,300}|.{0,100}") {
        prop_assert!(issuer().read_access(&text, at(0)).is_err());
        prop_assert!(issuer().read_refresh(&text, at(0)).is_err());
    }

    #[test]
    fn a_token_with_any_one_byte_changed_is_refused(user: u128, family: u128, place: prop::sample::Index, letter in "[A-Za-z0-9_-]") {
        let token = AccessToken { user: Uuid::from_u128(user).into(), family: Uuid::from_u128(family) };
        let text = issuer().sign_access(token, at(1000)).expect("signs");
        prop_assert_eq!(issuer().read_access(&text, at(1001)).expect("reads"), token);
        let place = place.index(text.len());
        let mut forged = text.clone();
        forged.replace_range(place..=place, &letter);
        // The last character of an unpadded base64 text has bits that mean nothing; a decoder may refuse them or ignore them.
        if forged != text && place != text.len() - 1 {
            prop_assert!(issuer().read_access(&forged, at(1001)).is_err(), "{}", forged);
        }
    }

    #[test]
    fn addresses_parse_to_a_fixed_point(text in ".{0,80}|[a-z.@]{1,30}") {
        if let Ok(email) = Email::parse(&text) {
            prop_assert_eq!(Email::parse(email.as_str()).expect("parses again"), email);
        }
    }
}
