//! Styles in words, for vendors without styles.

use domain::generation::image::{ImageRequest, ImageStyle};

/// The prompt followed by its style in words, in Russian if the prompt has a Cyrillic letter, else in English.
pub(super) fn styled(request: &ImageRequest) -> String {
    styled_within(request, usize::MAX)
}

/// The same in at most `limit` characters: the end of a longer prompt is cut at a blank.
pub(super) fn styled_within(request: &ImageRequest, limit: usize) -> String {
    let prompt = request.prompt.trim();
    let is_russian = prompt.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c));
    let style = match (request.style, is_russian) {
        (ImageStyle::Default, _) => return cut(prompt, limit).to_owned(),
        (ImageStyle::Kandinsky, true) => "Стиль: абстрактная живопись в манере Кандинского",
        (ImageStyle::Kandinsky, false) => "Style: abstract painting in the manner of Kandinsky",
        (ImageStyle::Uhd, true) => "Стиль: фотография высокого разрешения, тонкие детали",
        (ImageStyle::Uhd, false) => "Style: high-resolution photograph, fine detail",
        (ImageStyle::Anime, true) => "Стиль: аниме",
        (ImageStyle::Anime, false) => "Style: anime",
    };
    let prompt = cut(prompt, limit.saturating_sub(style.chars().count() + 2));
    let joint = if prompt.ends_with(['.', '!', '?', '…']) { " " } else { ". " };
    format!("{prompt}{joint}{style}")
}

fn cut(text: &str, limit: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(limit) else { return text };
    let (kept, rest) = text.split_at(end);
    let in_a_word = rest.starts_with(|c: char| !c.is_whitespace());
    let blank = if in_a_word { kept.rfind(char::is_whitespace) } else { None };
    kept.get(..blank.unwrap_or(end)).unwrap_or(kept).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(prompt: &str, style: ImageStyle) -> ImageRequest {
        ImageRequest { prompt: prompt.to_owned(), style, width: 1024, height: 1024 }
    }

    #[test]
    fn styles_are_told_in_the_language_of_the_prompt() {
        assert_eq!(styled(&request(" Кот ", ImageStyle::Default)), "Кот");
        assert_eq!(styled(&request("Кот", ImageStyle::Anime)), "Кот. Стиль: аниме");
        assert_eq!(styled(&request("A cat!", ImageStyle::Anime)), "A cat! Style: anime");
        assert_eq!(
            styled(&request("A cat", ImageStyle::Kandinsky)),
            "A cat. Style: abstract painting in the manner of Kandinsky"
        );
        let told = |style| styled(&request("Кот", style));
        assert_ne!(told(ImageStyle::Uhd), told(ImageStyle::Kandinsky));
    }

    #[test]
    fn a_long_prompt_is_cut_between_words_and_keeps_its_style() {
        let prompt = "море ".repeat(200);
        let told = styled_within(&request(&prompt, ImageStyle::Anime), 100);
        assert!(told.ends_with("море. Стиль: аниме") && told.chars().count() <= 100, "{told}");
        assert!(told.chars().count() > 90);
        assert_eq!(styled_within(&request("раз два", ImageStyle::Default), 7), "раз два");
        assert_eq!(styled_within(&request("раз два", ImageStyle::Default), 6), "раз");
        assert_eq!(styled_within(&request("раз два", ImageStyle::Default), 3), "раз");
        assert_eq!(styled_within(&request(&"ы".repeat(20), ImageStyle::Default), 6), "ыыыыыы");
    }
}
