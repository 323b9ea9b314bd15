//! Words that carry no topic.

use std::collections::HashSet;
use std::sync::LazyLock;

static STOPWORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../../data/stopwords.txt").split_whitespace().collect());

/// Whether the word (in lower case) says nothing about what a text is about.
pub(crate) fn is_stopword(word: &str) -> bool {
    word.chars().count() < 3 || STOPWORDS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_are_stopwords() {
        assert!(is_stopword("который") && is_stopword("the") && is_stopword("и"));
        assert!(!is_stopword("море"));
    }
}
