//! `ClientRequestToken`: a transaction that comes again within ten minutes is answered as the first time, and not done again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dynamodb::Answer;

/// How long a token is known: what DynamoDB documents.
const TOKEN_TTL: Duration = Duration::from_mins(10);

/// Tokens with what they stand for.
#[derive(Default)]
pub(super) struct Tokens {
    known: HashMap<Arc<str>, (u64, Answer)>,
    /// The oldest first, so that forgetting does not look at those that stay.
    order: VecDeque<(Instant, Arc<str>)>,
    hashes: RandomState,
}

/// What is known of a token.
pub(super) enum Found {
    /// The same request came with it, and this was its answer.
    Same(Answer),
    /// Another request came with it.
    Other,
}

impl Tokens {
    /// What came with `token` before.
    pub(super) fn find(&mut self, token: &str, request: &[u8], now: Instant) -> Option<Found> {
        while let Some((_, oldest)) = self.order.pop_front_if(|(since, _)| now.duration_since(*since) >= TOKEN_TTL) {
            self.known.remove(&oldest);
        }
        let (known, answer) = self.known.get(token)?;
        Some(if *known == self.hashes.hash_one(request) { Found::Same(answer.clone()) } else { Found::Other })
    }

    /// Remembers the answer to a request whose token is not known.
    pub(super) fn keep(&mut self, token: &str, request: &[u8], answer: Answer, now: Instant) {
        let token = Arc::from(token);
        self.order.push_back((now, Arc::clone(&token)));
        self.known.insert(token, (self.hashes.hash_one(request), answer));
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_token_stands_for_its_request_for_ten_minutes() {
        let (mut tokens, begun) = (Tokens::default(), Instant::now());
        assert!(tokens.find("a", b"1", begun).is_none());
        let answer = |body: &str| Answer { status: StatusCode::OK, body: body.to_owned() };
        tokens.keep("a", b"1", answer("first"), begun);
        tokens.keep("b", b"2", answer("second"), begun + Duration::from_secs(1));
        let later = begun + Duration::from_secs(599);
        assert!(matches!(tokens.find("a", b"1", later), Some(Found::Same(answer)) if answer.body == "first"));
        assert!(matches!(tokens.find("a", b"2", later), Some(Found::Other)));
        assert!(tokens.find("a", b"1", begun + TOKEN_TTL).is_none());
        assert!(matches!(tokens.find("b", b"2", begun + TOKEN_TTL), Some(Found::Same(_))));
        assert!(tokens.find("b", b"2", begun + TOKEN_TTL * 2).is_none());
        assert!(tokens.known.is_empty() && tokens.order.is_empty());
    }
}
