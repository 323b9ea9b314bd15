//! Rearranging sentences, only where the result is sure to be a sentence.

use crate::spelling::without_capital;
use crate::text::case;
use crate::text::sentences::sentences;

/// Turns the halves of simple compound sentences around.
pub(super) fn rearrange(text: &str) -> String {
    sentences(text).into_iter().map(turn).collect::<Vec<_>>().join(" ")
}

/// Joins a sentence that begins with a connective to the one before.
pub(super) fn join(text: &str) -> String {
    let mut out = String::new();
    for sentence in sentences(text) {
        let connective = ["Поэтому ", "Однако ", "Но ", "А "].iter().find(|word| sentence.starts_with(**word));
        let short = out.rsplit(['.', '!', '?']).nth(1).unwrap_or(&out).split_whitespace().count() <= 10;
        if connective.is_some() && short && out.ends_with('.') && !out.ends_with("..") {
            out.truncate(out.len() - 1);
            out.push_str(", ");
            out.push_str(&case::uncapitalise(sentence));
        } else {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(sentence);
        }
    }
    out
}

/// Splits sentences of more than `limit` words at semicolons and connectives that can begin a sentence.
pub(super) fn split_long(text: &str, limit: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    for sentence in sentences(text) {
        let mut rest = sentence.to_owned();
        while rest.split_whitespace().count() > limit
            && let Some((first, second)) = split_once(&rest)
        {
            out.push(first);
            rest = second;
        }
        out.push(rest);
    }
    out.join(" ")
}

const CONNECTIVES: &[&str] =
    &[", но ", ", однако ", ", поэтому ", ", а также ", ", при этом ", ", причём ", ", and ", ", but ", ", so "];

fn split_once(sentence: &str) -> Option<(String, String)> {
    let cuts = CONNECTIVES
        .iter()
        .filter_map(|word| sentence.find(word).map(|at| (at, *word)))
        .chain(sentence.find("; ").map(|at| (at, "; ")));
    let fits = |(at, word): &(usize, &str)| {
        let (first, second) = sentence.split_at_checked(*at).unwrap_or((sentence, ""));
        let second = second.strip_prefix(word).unwrap_or(second);
        // A half in quotation marks or brackets is no sentence of its own.
        let open = first.matches(['«', '(']).count() > first.matches(['»', ')']).count();
        !open
            && *word != ", а также "
            && first.split_whitespace().count() >= 4
            && second.split_whitespace().count() >= 4
    };
    let (at, word) = cuts.filter(fits).min()?;
    let (first, second) = sentence.split_at_checked(at)?;
    let second = if word == "; " { second.strip_prefix("; ")? } else { second.strip_prefix(", ")? };
    Some((format!("{first}."), case::capitalise(second)))
}

/// `A, потому что B.` as `Поскольку b, a.`, and the like.
fn turn(sentence: &str) -> String {
    let Some(body) = sentence.strip_suffix('.') else { return sentence.to_owned() };
    if body.contains(['«', '(', ':', ';', '—']) || body.matches(',').count() > 2 {
        return sentence.to_owned();
    }
    let halves = |link: &str| {
        let (a, b) = body.split_once(link)?;
        let enough = a.split_whitespace().count() >= 2 && b.split_whitespace().count() >= 2;
        (enough && !a.contains(',') && !b.contains(',')).then_some((a, b))
    };
    for (link, opening) in [
        (", потому что ", "Поскольку"),
        (", так как ", "Поскольку"),
        (", поэтому ", "Так как"),
        (", хотя ", "Хотя"),
        (", если ", "Если"),
    ] {
        if let Some((a, b)) = halves(link) {
            let (first, second) = if link == ", поэтому " { (a, b) } else { (b, a) };
            return format!("{opening} {}, {}.", without_capital(first), without_capital(second));
        }
    }
    for (opening, link, middle) in
        [("Если ", ", то ", ", если "), ("Поскольку ", ", ", ", потому что "), ("Хотя ", ", ", ", хотя ")]
    {
        if let Some((condition, result)) = body.strip_prefix(opening).and_then(|rest| rest.split_once(link))
            && !condition.contains(',')
            && !result.contains(',')
        {
            return format!("{}{middle}{condition}.", case::capitalise(result));
        }
    }
    sentence.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_change_places() {
        assert_eq!(
            rearrange("Если пойдёт дождь, то мы останемся. Москва спит."),
            "Мы останемся, если пойдёт дождь. Москва спит."
        );
        assert_eq!(rearrange("Москва спит, так как наступила ночь."), "Поскольку наступила ночь, Москва спит.");
        assert_eq!(
            rearrange("Он устал, поэтому лёг спать."),
            "Он устал, поэтому лёг спать.".replace("Он устал, поэтому лёг спать.", "Так как он устал, лёг спать.")
        );
    }

    #[test]
    fn long_sentences_are_split() {
        let long = "Договор вступает в силу с момента подписания, но стороны могут изменить его условия по письменному соглашению; срок договора составляет один год.";
        assert_eq!(
            split_long(long, 9),
            "Договор вступает в силу с момента подписания. Но стороны могут изменить его условия по письменному соглашению. Срок договора составляет один год."
        );
    }

    #[test]
    fn connected_sentences_are_joined() {
        assert_eq!(join("Было поздно. Поэтому мы ушли. Всё."), "Было поздно, поэтому мы ушли. Всё.");
    }
}
