//! Extraction: what a text says, in its own words.

pub(crate) mod facts;

use std::collections::HashMap;

use crate::text::sentences::{sentences, without_bullet};
use crate::text::stem::stem;
use crate::text::stopwords::is_stopword;
use crate::text::tokens::{Token, tokens};

/// How often a word occurs, and how it is written.
#[derive(Debug, Default)]
struct Occurrences {
    count: usize,
    first: usize,
    form: String,
}

/// The words that a text is about, the most telling first; each in the form in which it first occurs.
pub(crate) fn keywords(text: &str, limit: usize) -> Vec<String> {
    let mut found: HashMap<String, Occurrences> = HashMap::new();
    let mut starts = true;
    for (place, token) in tokens(text).into_iter().enumerate() {
        match token {
            Token::Word(word) if !is_stopword(&word.to_lowercase()) => {
                let entry =
                    found.entry(stem(word)).or_insert_with(|| Occurrences { first: place, ..Occurrences::default() });
                entry.count += 1;
                let is_name = word.chars().next().is_some_and(char::is_uppercase) && !starts;
                if is_name || word.chars().filter(|c| c.is_uppercase()).count() > 1 {
                    word.clone_into(&mut entry.form);
                } else if entry.form.is_empty() {
                    entry.form = word.to_lowercase();
                }
                starts = false;
            }
            Token::Word(_) => starts = false,
            Token::Gap(gap) => starts = starts || gap.contains(['.', '!', '?', '\n', '…']),
            Token::Opaque(_) => {}
        }
    }
    let mut words: Vec<Occurrences> = found.into_values().collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.count * 10 + word.form.chars().count().min(12)), word.first));
    words.into_iter().take(limit).map(|word| word.form).collect()
}

/// The sentences that say most, in their order in the text.
pub(crate) fn summary(text: &str, limit: usize) -> Vec<&str> {
    let all = sentences(text);
    let weights = weights(text);
    let last = all.len().saturating_sub(1);
    let mut scored: Vec<(usize, u64)> = all
        .iter()
        .enumerate()
        .map(|(place, sentence)| {
            let words: Vec<u64> = tokens(sentence).into_iter().filter_map(|token| weight(&weights, token)).collect();
            let count = u64::try_from(words.len()).unwrap_or(u64::MAX).max(1);
            // Mean weight, held down for very short and very long sentences.
            let mean = words.iter().sum::<u64>() * 100 / count.clamp(6, 25);
            // The beginning says what a text is about, the end what follows from it.
            let bonus = match place {
                0 => 60,
                place if place == last => 25,
                1 => 15,
                _ => 0,
            };
            (place, mean + mean * bonus / 100)
        })
        .collect();
    scored.retain(|(place, _)| !all.iter().take(*place).any(|earlier| all.get(*place) == Some(earlier)));
    scored.sort_by_key(|(place, score)| (std::cmp::Reverse(*score), *place));
    scored.truncate(limit.max(1));
    scored.sort_unstable();
    scored.into_iter().filter_map(|(place, _)| all.get(place)).map(|sentence| without_bullet(sentence)).collect()
}

/// How often each stem occurs.
fn weights(text: &str) -> HashMap<String, u64> {
    let mut weights = HashMap::new();
    for token in tokens(text) {
        if let Token::Word(word) = token
            && !is_stopword(&word.to_lowercase())
        {
            *weights.entry(stem(word)).or_default() += 1;
        }
    }
    weights
}

fn weight(weights: &HashMap<String, u64>, token: Token<'_>) -> Option<u64> {
    match token {
        Token::Word(word) => Some(weights.get(&stem(word)).copied().unwrap_or(0)),
        // A number is a fact.
        Token::Opaque(_) => Some(2),
        Token::Gap(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Черепахи живут очень долго. Некоторые морские черепахи доживают до ста лет. Погода вчера была хорошая. \
                        Морские черепахи возвращаются откладывать яйца на пляж, где родились. Так черепахи сохраняют свой род.";

    #[test]
    fn keywords_are_the_repeated_words() {
        assert_eq!(keywords(TEXT, 2), ["черепахи", "морские"]);
        assert!(keywords("", 3).is_empty());
    }

    #[test]
    fn a_summary_leaves_out_what_is_beside_the_point() {
        let short = summary(TEXT, 3);
        assert_eq!(short.len(), 3);
        assert_eq!(short[0], "Черепахи живут очень долго.");
        assert!(!short.contains(&"Погода вчера была хорошая."));
    }

    #[test]
    fn names_keep_their_capital() {
        assert!(keywords("Вчера приехал Пушкин. Пушкин читал стихи.", 1) == ["Пушкин"]);
    }
}
