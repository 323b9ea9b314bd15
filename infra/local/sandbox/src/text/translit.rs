//! Russian names in Latin letters, as passports spell them (ICAO Doc 9303).

/// The word in Latin letters; other characters stay.
pub(crate) fn latin(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        let lower: String = c.to_lowercase().collect();
        let sound = sound(&lower);
        match sound {
            Some(sound) if c.is_uppercase() => out.push_str(&super::case::capitalise(sound)),
            Some(sound) => out.push_str(sound),
            None => out.push(c),
        }
    }
    out
}

fn sound(letter: &str) -> Option<&'static str> {
    const SOUNDS: &[(&str, &str)] = &[
        ("а", "a"),
        ("б", "b"),
        ("в", "v"),
        ("г", "g"),
        ("д", "d"),
        ("е", "e"),
        ("ё", "e"),
        ("ж", "zh"),
        ("з", "z"),
        ("и", "i"),
        ("й", "i"),
        ("к", "k"),
        ("л", "l"),
        ("м", "m"),
        ("н", "n"),
        ("о", "o"),
        ("п", "p"),
        ("р", "r"),
        ("с", "s"),
        ("т", "t"),
        ("у", "u"),
        ("ф", "f"),
        ("х", "kh"),
        ("ц", "ts"),
        ("ч", "ch"),
        ("ш", "sh"),
        ("щ", "shch"),
        ("ъ", "ie"),
        ("ы", "y"),
        ("ь", ""),
        ("э", "e"),
        ("ю", "iu"),
        ("я", "ia"),
    ];
    SOUNDS.iter().find(|(known, _)| *known == letter).map(|(_, sound)| *sound)
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_spelt_as_in_passports() {
        assert_eq!(super::latin("Анна Щукина"), "Anna Shchukina");
        assert_eq!(super::latin("Юрий"), "Iurii");
    }
}
