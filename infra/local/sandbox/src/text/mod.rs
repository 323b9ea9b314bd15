//! Text tools that every technique uses: words, sentences, stems, letter case.

pub(crate) mod case;
pub(crate) mod names;
pub(crate) mod put;
pub(crate) mod sentences;
pub(crate) mod stem;
pub(crate) mod stopwords;
pub(crate) mod tokens;
pub(crate) mod translit;

/// The language that most letters of a text belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    Ru,
    En,
}

/// Russian unless Latin letters prevail.
pub(crate) fn language(text: &str) -> Lang {
    let latin = text.chars().filter(char::is_ascii_alphabetic).count();
    let cyrillic = text.chars().filter(|c| is_cyrillic(*c)).count();
    if latin > cyrillic { Lang::En } else { Lang::Ru }
}

/// A letter of the Russian alphabet.
pub(crate) fn is_cyrillic(c: char) -> bool {
    matches!(c, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_most_letters() {
        assert_eq!(language("Привет, world! Как дела?"), Lang::Ru);
        assert_eq!(language("Hello, мир and friends"), Lang::En);
        assert_eq!(language("123"), Lang::Ru);
    }
}
