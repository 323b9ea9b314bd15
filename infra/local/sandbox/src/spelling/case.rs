//! Letter case.

/// The text with its first letter in upper case, unless it begins with a number.
pub(super) fn capitalise(text: &str) -> String {
    let Some(at) = text.find(char::is_alphanumeric) else { return text.to_owned() };
    let (before, from) = text.split_at_checked(at).unwrap_or((text, ""));
    let mut rest = from.chars();
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{before}{first}{}", rest.as_str())
}

/// `word` written the way `model` is: `МОДЕЛЬ`, `Модель` or `модель`.
pub(super) fn like(model: &str, word: &str) -> String {
    let upper = model.chars().filter(|c| c.is_uppercase()).count();
    let letters = model.chars().filter(|c| c.is_alphabetic()).count();
    if upper > 1 && upper == letters {
        word.to_uppercase()
    } else if model.chars().next().is_some_and(char::is_uppercase) {
        capitalise(word)
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_letter_changes() {
        assert_eq!(capitalise("«привет, Мир»"), "«Привет, Мир»");
        assert_eq!(capitalise("12 рублей"), "12 рублей");
    }

    #[test]
    fn a_word_takes_over_the_case_of_another() {
        assert_eq!(like("ПРЕВЕТ", "привет"), "ПРИВЕТ");
        assert_eq!(like("Превет", "привет"), "Привет");
        assert_eq!(like("превет", "Москва"), "Москва");
        assert_eq!(like("Я", "мы"), "Мы");
    }
}
