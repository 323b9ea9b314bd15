//! What templates can do beyond minijinja: choose, count, cut, and take user input apart.

use std::sync::Mutex;

use minijinja::value::{Object, Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use crate::extract;
use crate::spelling;
use crate::text::case;
use crate::text::names::is_female;
use crate::text::sentences::{sentences, without_bullet};
use crate::writer::Seed;

/// The choices of one rendering.
#[derive(Debug)]
pub(super) struct Dice(Mutex<Seed>);

impl Dice {
    pub(super) fn new(seed: Seed) -> Self {
        Self(Mutex::new(seed))
    }

    fn below(&self, end: usize) -> usize {
        self.0.lock().map(|mut seed| seed.below(end)).unwrap_or_default()
    }
}

impl Object for Dice {}

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_function("pick", pick);
    environment.add_function("shuffle", shuffle);
    environment.add_function("fill", fill);
    environment.add_filter("low", low);
    environment.add_filter("cap", |text: &str| case::capitalise(text));
    environment.add_filter("bare", |text: &str| bare(text).to_owned());
    environment.add_filter("end", |text: &str| end(text));
    environment.add_filter("cut", cut);
    environment.add_filter("items", |text: &str| items(text));
    environment.add_filter("sents", |text: &str| sentences(text).into_iter().map(str::to_owned).collect::<Vec<_>>());
    environment.add_filter("prose", |text: &str| prose(text));
    environment.add_filter("keywords", |text: &str, limit: usize| extract::keywords(text, limit));
    environment.add_filter("summary", |text: &str, limit: usize| {
        extract::summary(text, limit).into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    environment.add_filter("hashtags", hashtags);
    environment.add_filter("numbers", |text: &str| extract::facts::numbers(text));
    environment.add_filter("number", |text: &str| number(text));
    environment.add_filter("money", money);
    environment.add_filter("plural", plural);
    environment.add_filter("quote", |text: &str| quote(text));
    environment.add_filter("chars", |text: &str| text.chars().count());
    environment.add_filter("commas", |text: &str| commas(text));
    environment.add_filter("pieces", |text: &str| pieces(text));
    environment.add_filter("after_comma", |text: &str| text.split_once(',').map(|(_, rest)| rest.trim().to_owned()));
    environment.add_filter("figure", figure);
    environment.add_filter("signature", |text: &str| signature(text));
    environment.add_filter("says_ty", |text: &str| says_ty(text));
    environment.add_filter("questions", |text: &str| {
        sentences(text).into_iter().filter(|sentence| sentence.ends_with('?')).map(str::to_owned).collect::<Vec<_>>()
    });
    environment.add_filter("address", |text: &str| address(text));
    environment.add_filter("is_formal", |text: &str| is_formal(text));
    environment.add_filter("is_female", |text: &str| is_female(text));
    environment.add_filter("asked", |text: &str| asked(text));
    environment.add_filter("is_question", |text: &str| is_question(text));
    environment.add_filter("is_english", |text: &str| crate::text::language(text) == crate::text::Lang::En);
}

fn dice<'a>(state: &'a State<'_, '_>, value: &'a mut Option<Value>) -> Result<&'a Dice, Error> {
    *value = state.lookup("dice");
    let found = value.as_ref().and_then(|value| value.downcast_object_ref::<Dice>());
    found.ok_or_else(|| Error::new(ErrorKind::UndefinedError, "no dice"))
}

/// One of the arguments, or of the items of a list.
fn pick(state: &State<'_, '_>, choices: Rest<Value>) -> Result<Value, Error> {
    let list = match choices.0.as_slice() {
        [list] if list.kind() == ValueKind::Seq => list.try_iter()?.collect(),
        _ => choices.0,
    };
    let mut slot = None;
    let index = dice(state, &mut slot)?.below(list.len());
    list.into_iter().nth(index).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "nothing to pick from"))
}

/// The items in another order.
fn shuffle(state: &State<'_, '_>, list: &Value) -> Result<Vec<Value>, Error> {
    let mut left: Vec<Value> = list.try_iter()?.collect();
    let mut slot = None;
    let dice = dice(state, &mut slot)?;
    let mut mixed = Vec::with_capacity(left.len());
    while !left.is_empty() {
        mixed.push(left.swap_remove(dice.below(left.len())));
    }
    Ok(mixed)
}

/// As many of the first items as make a text of about this many words; at least one.
fn fill(list: &Value, words: usize) -> Result<Vec<Value>, Error> {
    let mut taken = Vec::new();
    let mut count = 0;
    for item in list.try_iter()? {
        let more = item.to_string().split_whitespace().count();
        if !taken.is_empty() && count + more / 2 > words {
            break;
        }
        count += more;
        taken.push(item);
    }
    Ok(taken)
}

/// For the middle of a sentence: without the capital that only the beginning of a sentence gave it.
fn low(text: &str) -> String {
    const HOLIDAYS: &[&str] = &["День ", "Новый год", "Рождество", "Пасха", "Масленица"];
    if HOLIDAYS.iter().any(|holiday| text.starts_with(holiday)) {
        return text.to_owned();
    }
    let first = text.split(|c: char| !c.is_alphabetic() && c != '-').find(|word| !word.is_empty()).unwrap_or_default();
    let is_name = crate::text::names::is_first_name(first);
    if !is_name && spelling::is_common_word(&first.to_lowercase()) { case::uncapitalise(text) } else { text.to_owned() }
}

fn bare(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!', ';', ',', ':', '…', ' '])
}

fn end(text: &str) -> String {
    let text = text.trim().trim_end_matches([';', ',', ':']);
    let closed = text.trim_end_matches(['»', '"', ')', ']']).ends_with(['.', '!', '?', '…']);
    if closed || text.is_empty() { text.to_owned() } else { format!("{text}.") }
}

/// At most `limit` characters, cut between words, without a mark or a small word at the end.
fn cut(text: &str, limit: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= limit {
        return text;
    }
    let mut short = String::new();
    for word in text.split(' ') {
        if short.chars().count() + 1 + word.chars().count() > limit {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    if short.is_empty() {
        return text.chars().take(limit).collect();
    }
    while let Some((rest, last)) = short.rsplit_once(' ')
        && last.chars().count() < 3
        && !last.chars().any(char::is_numeric)
    {
        short.truncate(rest.len());
    }
    let unclosed = short.matches('«').count() > short.matches('»').count();
    let trimmed = bare(&short).trim_end_matches(['—', '–', '-', '(', ' ', ',']);
    if unclosed { format!("{trimmed}»") } else { trimmed.to_owned() }
}

/// The items of a list that a user wrote as lines, or in one line with semicolons.
fn items(text: &str) -> Vec<String> {
    text.lines()
        .flat_map(|line| line.split(';'))
        .map(|item| without_bullet(item).trim().to_owned())
        .filter(|item| item.chars().any(char::is_alphanumeric))
        .collect()
}

/// The items of a list in one line with commas.
fn commas(text: &str) -> Vec<String> {
    text.split([',', ';', '\n']).map(|item| without_bullet(item).trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// The properties that a text names: by commas and sentences, but numbers with a decimal comma stay whole.
fn pieces(text: &str) -> Vec<String> {
    let split = text.replace(", ", "\n").replace(". ", "\n");
    items(&split)
}

/// The number that goes with a word: after it, else before it; `60 тыс.` is 60000. Zero if there is none.
fn figure(text: &str, word: &str) -> i64 {
    let lower = text.to_lowercase();
    let Some((before, after)) = lower.split_once(word) else { return 0 };
    let near = after.split([',', ';', '\n']).next().unwrap_or_default();
    let source = if number(near) > 0 { near } else { before.rsplit([',', ';', '\n']).next().unwrap_or_default() };
    let amount = number(source);
    if source.contains("млн") || source.contains("миллион") {
        amount * 1_000_000
    } else if source.contains("тыс") {
        amount * 1000
    } else {
        amount
    }
}

/// The name under a letter; empty if there is none.
fn signature(letter: &str) -> String {
    let last = letter.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let name = last.rsplit_once("уважением,").map_or(last, |(_, name)| name);
    let name = bare(name.split([',', '|']).next().unwrap_or(name));
    let words: Vec<&str> = name.split_whitespace().collect();
    let looks = (1..=3).contains(&words.len()) && words.iter().all(|word| word.chars().next().is_some_and(char::is_uppercase));
    if looks && letter.lines().filter(|line| !line.trim().is_empty()).count() > 1 { name.to_owned() } else { String::new() }
}

/// Whether a letter is on first-name terms.
fn says_ty(letter: &str) -> bool {
    let lower = letter.to_lowercase();
    lower.split(|c: char| !c.is_alphabetic()).any(|word| matches!(word, "ты" | "тебе" | "тебя" | "тобой" | "твой" | "твоя" | "твоё" | "твои" | "hey"))
}

/// Lines and fragments as sentences.
fn prose(text: &str) -> String {
    items(text).iter().map(|item| end(&case::capitalise(item))).collect::<Vec<_>>().join(" ")
}

fn hashtags(text: &str, limit: usize) -> String {
    let tag = |word: String| format!("#{}", word.replace(['-', '\'', '’', ' '], "").to_lowercase());
    extract::keywords(text, limit).into_iter().map(tag).collect::<Vec<_>>().join(" ")
}

/// The first whole number in a text, blanks between its digits allowed; zero if there is none.
fn number(text: &str) -> i64 {
    let from = text.find(|c: char| c.is_ascii_digit()).and_then(|at| text.get(at..)).unwrap_or_default();
    let mut digits = String::new();
    let mut rest = from.chars().peekable();
    while let Some(c) = rest.next() {
        let groups = matches!(c, ' ' | '\u{a0}') && rest.peek().is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() {
            digits.push(c);
        } else if !groups {
            break;
        }
    }
    digits.parse().unwrap_or(0)
}

/// `1234567` as `1 234 567`.
fn money(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    if amount < 0 { format!("−{grouped}") } else { grouped }
}

/// The form of a Russian noun that goes with a number.
fn plural(count: i64, one: String, few: String, many: String) -> String {
    let (tens, ones) = (count.unsigned_abs() % 100, count.unsigned_abs() % 10);
    match (tens, ones) {
        (11..=14, _) => many,
        (_, 1) => one,
        (_, 2..=4) => few,
        _ => many,
    }
}

fn quote(text: &str) -> String {
    let text = bare(text);
    let text = text.strip_prefix(['«', '"', '“']).and_then(|inner| inner.strip_suffix(['»', '"', '”'])).unwrap_or(text);
    format!("«{}»", text.replace('«', "„").replace('»', "“"))
}

/// How to address somebody: `Белова Ольга Петровна, учительница` as `Ольга Петровна`.
fn address(text: &str) -> String {
    let name = bare(text.split([',', '(', ';', '—']).next().unwrap_or(text));
    let words: Vec<&str> = name.split_whitespace().collect();
    let named = words.windows(2).find(|pair| pair.last().is_some_and(|word| is_patronymic(word)));
    case::capitalise(&named.map_or_else(|| name.to_owned(), |pair| pair.join(" ")))
}

/// Whether somebody is named with a patronymic.
fn is_formal(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(is_patronymic)
}

fn is_patronymic(word: &str) -> bool {
    word.chars().count() > 5 && ["вич", "вна", "чна"].iter().any(|end| word.ends_with(end))
}

/// With a question mark if it is a question, else with a full stop.
fn asked(text: &str) -> String {
    let bare = bare(text).trim_end_matches('?');
    format!("{bare}{}", if is_question(text) { '?' } else { '.' })
}

fn is_question(text: &str) -> bool {
    let lower = text.to_lowercase();
    let first = lower.split_whitespace().next().unwrap_or_default();
    lower.trim_end().ends_with('?')
        || lower.split_whitespace().any(|word| word == "ли")
        || matches!(first, "почему" | "зачем" | "как" | "что" | "кто" | "где" | "когда" | "куда" | "чем" | "какой" | "какая" | "какие")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_in_a_sentence_lose_their_capital_but_names_do_not() {
        assert_eq!(low("Море зовёт"), "море зовёт");
        assert_eq!(low("Москва слезам не верит"), "Москва слезам не верит");
        assert_eq!(low("США и мир"), "США и мир");
    }

    #[test]
    fn cutting_keeps_words_whole() {
        assert_eq!(cut("Ремонт квартир в Москве и области", 30), "Ремонт квартир в Москве");
        assert_eq!(cut("коротко", 30), "коротко");
        assert_eq!(cut("Кафе «Уютный дворик на углу»", 20), "Кафе «Уютный дворик»");
    }

    #[test]
    fn lists_are_split_and_closed() {
        assert_eq!(items("— раз;\n2. два; три\n\n"), ["раз", "два", "три"]);
        assert_eq!(prose("раз;\nдва?"), "Раз. Два?");
    }

    #[test]
    fn numbers_are_read_and_written() {
        assert_eq!(number("24 990 рублей"), 24990);
        assert_eq!(number("500 слов"), 500);
        assert_eq!(number("нет"), 0);
        assert_eq!(money(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(plural(22, "год".into(), "года".into(), "лет".into()), "года");
        assert_eq!(plural(12, "год".into(), "года".into(), "лет".into()), "лет");
    }

    #[test]
    fn letters_are_read() {
        assert_eq!(signature("Добрый день!\nКогда ждать?\n\nС уважением,\nИван Петров"), "Иван Петров");
        assert_eq!(signature("Когда ждать ответа?"), "");
        assert!(says_ty("Привет! Как ты?") && !says_ty("Как вы?"));
    }

    #[test]
    fn figures_are_found_by_their_word() {
        let text = "средний чек 350 рублей, аренда 60 тыс., 40 клиентов в день";
        assert_eq!([figure(text, "чек"), figure(text, "аренд"), figure(text, "клиент"), figure(text, "зарплат")], [350, 60_000, 40, 0]);
    }

    #[test]
    fn people_are_addressed() {
        assert_eq!(address("ольга Петровна, учительница"), "Ольга Петровна");
        assert_eq!(address("Ольга Сергеевна Белова"), "Ольга Сергеевна");
        assert!(is_formal("Ольга Петровна") && !is_formal("мама"));
    }

    #[test]
    fn quotation_marks_nest() {
        assert_eq!(quote("Роман «Идиот»."), "«Роман „Идиот“»");
        assert_eq!(quote("«Море»"), "«Море»");
    }
}
