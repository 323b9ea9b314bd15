//! Which mistakes people make in a language, and how readily: costs in hundredths, where 100 is one unmotivated mistake.

/// The mistakes of one language.
pub(super) struct Rules {
    /// Every letter that an insertion or a replacement may bring.
    pub(super) alphabet: &'static str,
    /// Letters that are confused with each other, both ways.
    pub(super) confused: &'static [(char, char, u16)],
    /// Silent letters that are added or forgotten.
    pub(super) silent: &'static [(char, u16)],
    /// `(written, meant, cost)`: groups of letters, as written anywhere in the word.
    pub(super) groups: &'static [(&'static str, &'static str, u16)],
    /// Rows of the keyboard, for slips of the finger.
    pub(super) keyboard: [&'static str; 3],
    /// Words that often stick to the next one.
    pub(super) sticky: &'static [&'static str],
}

/// A doubled letter written once, or a single one doubled.
pub(super) const DOUBLING: u16 = 50;
/// Two neighbours in the wrong order.
pub(super) const SWAP: u16 = 70;
/// A letter too much.
pub(super) const DELETION: u16 = 95;
/// A letter too few.
pub(super) const INSERTION: u16 = 85;
/// A neighbour on the keyboard.
pub(super) const SLIP: u16 = 90;
/// Any other letter.
pub(super) const REPLACEMENT: u16 = 115;
/// A missing blank.
pub(super) const SPLIT: u16 = 70;

pub(super) static RU: Rules = Rules {
    alphabet: "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    confused: &[
        ('о', 'а', 45),
        ('е', 'и', 45),
        ('е', 'я', 55),
        ('и', 'я', 60),
        ('э', 'е', 50),
        ('ё', 'е', 20),
        ('ё', 'о', 45),
        ('ы', 'и', 50),
        ('у', 'ю', 60),
        ('о', 'е', 75),
        ('б', 'п', 55),
        ('в', 'ф', 55),
        ('г', 'к', 55),
        ('г', 'х', 65),
        ('д', 'т', 55),
        ('ж', 'ш', 55),
        ('з', 'с', 45),
        ('ш', 'щ', 50),
        ('ц', 'с', 75),
        ('ч', 'щ', 65),
        ('ь', 'ъ', 30),
        ('й', 'и', 55),
        ('г', 'в', 65),
        ('х', 'к', 75),
    ],
    silent: &[('ь', 50), ('ъ', 55), ('т', 60), ('д', 60), ('в', 65), ('л', 70), ('й', 65)],
    groups: &[
        ("ево", "его", 25),
        ("ова", "ого", 50),
        ("ива", "его", 60),
        ("ово", "ого", 40),
        ("шт", "чт", 45),
        ("шн", "чн", 45),
        ("тш", "чш", 40),
        ("дш", "дч", 60),
        ("щ", "сч", 50),
        ("щ", "зч", 55),
        ("сч", "щ", 50),
        ("зч", "щ", 60),
        ("шч", "щ", 45),
        ("ць", "ться", 65),
        ("ца", "ться", 50),
        ("ца", "тся", 45),
        ("цца", "ться", 40),
        ("тц", "ц", 60),
        ("ц", "тс", 60),
        ("жы", "жи", 25),
        ("шы", "ши", 25),
        ("чя", "ча", 25),
        ("щя", "ща", 25),
        ("чю", "чу", 25),
        ("щю", "щу", 25),
        ("цы", "ци", 40),
        ("ци", "цы", 40),
        ("йо", "ё", 40),
        ("ьо", "ё", 45),
        ("ио", "ьо", 50),
        ("иа", "ия", 55),
        ("йе", "е", 55),
        ("ьа", "ья", 45),
        ("хк", "гк", 40),
        ("хч", "гч", 45),
        ("ьб", "дьб", 60),
        ("ишь", "ешь", 40),
        ("иш", "ешь", 55),
        ("еш", "ешь", 40),
        ("ую", "у", 60),
        ("ущ", "ующ", 55),
        ("ующ", "ущ", 50),
        ("ние", "нье", 60),
        ("нье", "ние", 55),
        ("ни", "не", 50),
    ],
    keyboard: ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"],
    sticky: &[
        "не",
        "в",
        "на",
        "по",
        "с",
        "к",
        "и",
        "от",
        "до",
        "за",
        "как",
        "так",
        "что",
        "потому",
        "очень",
        "или",
        "то",
    ],
};

pub(super) static EN: Rules = Rules {
    alphabet: "abcdefghijklmnopqrstuvwxyz'",
    confused: &[
        ('a', 'e', 55),
        ('e', 'i', 55),
        ('a', 'o', 70),
        ('a', 'i', 65),
        ('o', 'u', 65),
        ('e', 'o', 75),
        ('i', 'y', 55),
        ('a', 'u', 75),
        ('e', 'u', 75),
        ('s', 'c', 60),
        ('s', 'z', 55),
        ('c', 'k', 60),
        ('c', 't', 85),
        ('d', 't', 80),
        ('g', 'j', 60),
        ('v', 'f', 75),
        ('m', 'n', 70),
        ('b', 'p', 85),
    ],
    silent: &[
        ('\'', 40),
        ('e', 60),
        ('h', 65),
        ('c', 70),
        ('k', 70),
        ('d', 70),
        ('n', 70),
        ('g', 70),
        ('b', 75),
        ('u', 70),
        ('i', 75),
        ('w', 75),
        ('t', 75),
    ],
    groups: &[
        ("ei", "ie", 35),
        ("ie", "ei", 35),
        ("f", "ph", 55),
        ("ph", "f", 60),
        ("sion", "tion", 45),
        ("tion", "sion", 45),
        ("tion", "ssion", 55),
        ("able", "ible", 40),
        ("ible", "able", 40),
        ("ant", "ent", 35),
        ("ent", "ant", 35),
        ("ance", "ence", 35),
        ("ence", "ance", 35),
        ("ly", "lly", 35),
        ("aly", "ally", 30),
        ("ily", "ely", 40),
        ("full", "ful", 35),
        ("nn", "n", 45),
        ("er", "ar", 45),
        ("er", "or", 45),
        ("or", "our", 55),
        ("ar", "er", 50),
        ("kw", "qu", 50),
        ("sh", "ti", 65),
        ("gh", "g", 60),
        ("ur", "uer", 70),
        ("ough", "augh", 55),
        ("lege", "ledge", 40),
        ("ege", "edge", 50),
        ("us", "ous", 55),
        ("iuos", "ious", 40),
        ("eing", "ing", 55),
        ("ie", "ea", 75),
    ],
    keyboard: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
    sticky: &["a", "the", "of", "in", "to", "at", "as", "for", "and"],
};

impl Rules {
    /// What it costs to have written `written` for `meant`.
    pub(super) fn replacement(&self, written: char, meant: char) -> u16 {
        let confused =
            self.confused.iter().find(|(a, b, _)| (*a, *b) == (written, meant) || (*b, *a) == (written, meant));
        match confused {
            Some((_, _, cost)) => *cost,
            None if self.are_neighbours(written, meant) => SLIP,
            None => REPLACEMENT,
        }
    }

    /// What it costs to have forgotten a letter, or to have added it.
    pub(super) fn silence(&self, letter: char) -> Option<u16> {
        self.silent.iter().find(|(silent, _)| *silent == letter).map(|(_, cost)| *cost)
    }

    fn are_neighbours(&self, a: char, b: char) -> bool {
        self.keyboard.iter().any(|row| {
            match (row.chars().position(|key| key == a), row.chars().position(|key| key == b)) {
                (Some(a), Some(b)) => a.abs_diff(b) == 1,
                _ => false,
            }
        })
    }
}
