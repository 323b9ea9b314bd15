//! A light stemmer: enough to see that `задачи` and `задачами` are one word.

use super::is_cyrillic;

const RU: &str = "иями иях ость ости остью ованный ования ование ывать ивать ться тся аться иться еться ами ями ого его ому ему \
                  ыми ими ешь ишь ете ите ают яют уют ала али ало ила или ило ать ять ить еть уть ией иям ием ах ях ов ев ей ой \
                  ый ий ая яя ое ее ые ие ую юю ом ем ам ям ых их ым им ия ью ья а е и о у ы ь ю я й";
const EN: &str = "ations ation ments ment ings ness ing ies ied ers est ed er es ly s e y";

/// The word in lower case without its ending; at least three letters stay.
pub(crate) fn stem(word: &str) -> String {
    let mut stem = word.to_lowercase().replace('ё', "е");
    let endings = if stem.chars().any(is_cyrillic) { RU } else { EN };
    let longest = endings
        .split(' ')
        .filter(|ending| stem.strip_suffix(*ending).is_some_and(|rest| rest.chars().count() >= 3))
        .max_by_key(|ending| ending.len());
    if let Some(ending) = longest {
        stem.truncate(stem.len() - ending.len());
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_share_a_stem() {
        for forms in [
            ["задача", "задачами", "задачи"],
            ["красивый", "красивого", "красивыми"],
            ["привет", "привета", "приветы"],
            ["meeting", "meetings", "meet"],
        ] {
            assert_eq!(stem(forms[0]), stem(forms[1]));
            assert_eq!(stem(forms[1]), stem(forms[2]));
        }
        assert_ne!(stem("мир"), stem("мера"));
    }
}
