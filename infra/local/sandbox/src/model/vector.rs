//! Vectors of hashed words and trigrams: texts that share some are near each other. There is no model, so only spelling counts.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A vector of length one.
pub(crate) fn vector(text: &str, length: u32) -> Vec<f32> {
    let mut sums = vec![0_f32; length as usize];
    let mut add = |piece: &str, weight: f32| {
        let mut hasher = DefaultHasher::new();
        piece.hash(&mut hasher);
        let hash = hasher.finish();
        let sign = if hash >> 63 == 0 { weight } else { -weight };
        let place = usize::try_from(hash % u64::from(length)).unwrap_or_default();
        if let Some(sum) = sums.get_mut(place) {
            *sum += sign;
        }
    };
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        add(word, 1.0);
        let letters: Vec<char> = word.chars().collect();
        for trigram in letters.windows(3) {
            add(&trigram.iter().collect::<String>(), 0.5);
        }
    }
    let norm = sums.iter().map(|sum| sum * sum).sum::<f32>().sqrt();
    if norm > 0.0 {
        for sum in &mut sums {
            *sum /= norm;
        }
    } else if let Some(first) = sums.first_mut() {
        // A text without a word.
        *first = 1.0;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: &str, other: &str) -> f32 {
        vector(one, 256).iter().zip(vector(other, 256)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_that_share_words_are_nearer() {
        assert!((near("Осень в городе", "осень в городе!") - 1.0).abs() < 1e-5);
        assert!(near("Осень в городе", "Город осенью") > near("Осень в городе", "Курс валют"));
        assert!((near("…", "…") - 1.0).abs() < 1e-5);
    }
}
