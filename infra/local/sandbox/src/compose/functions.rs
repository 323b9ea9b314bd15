//! What templates can do beyond minijinja: choose between variants, and read what the user wrote.

use std::sync::Mutex;

use minijinja::value::{FunctionResult, Object, Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::reading;
use crate::extract;
use crate::spelling::without_capital;
use crate::text::names::is_female;
use crate::text::sentences::sentences;
use crate::text::{Lang, case, language};
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
    environment.add_filter("cut", |text: Option<&str>, limit: usize| reading::cut(text.unwrap_or_default(), limit));
    environment
        .add_filter("keywords", |text: Option<&str>, limit: usize| extract::keywords(text.unwrap_or_default(), limit));
    environment.add_filter("summary", |text: Option<&str>, limit: usize| {
        owned(extract::summary(text.unwrap_or_default(), limit))
    });
    environment.add_filter("hashtags", |text: Option<&str>, limit: usize, more: Option<&str>| {
        reading::hashtags(text.unwrap_or_default(), limit, more.unwrap_or_default())
    });
    environment.add_filter("figure", |text: Option<&str>, word: &str| reading::figure(text.unwrap_or_default(), word));
    environment.add_filter("money", reading::money);
    on_text(environment, "low", without_capital);
    on_text(environment, "cap", case::capitalise);
    on_text(environment, "bare", |text| reading::bare(text).to_owned());
    on_text(environment, "end", reading::end);
    on_text(environment, "asked", reading::asked);
    on_text(environment, "quote", reading::quote);
    on_text(environment, "items", reading::items);
    on_text(environment, "commas", reading::commas);
    on_text(environment, "pieces", reading::pieces);
    on_text(environment, "sents", |text| owned(sentences(text)));
    on_text(environment, "questions", |text| {
        owned(sentences(text).into_iter().filter(|sentence| sentence.ends_with('?')).collect())
    });
    on_text(environment, "prose", reading::prose);
    on_text(environment, "number", reading::number);
    on_text(environment, "numbers", extract::facts::numbers);
    on_text(environment, "before_comma", |text| text.split(',').next().unwrap_or_default().trim().to_owned());
    on_text(environment, "after_comma", |text| text.split_once(',').map(|(_, rest)| rest.trim().to_owned()));
    on_text(environment, "address", reading::address);
    on_text(environment, "signature", reading::signature);
    on_text(environment, "says_ty", reading::says_ty);
    on_text(environment, "is_formal", reading::is_formal);
    on_text(environment, "is_female", is_female);
    on_text(environment, "is_question", reading::is_question);
    on_text(environment, "is_english", |text| language(text) == Lang::En);
}

/// A filter on text, to which nothing is an empty text.
fn on_text<R: FunctionResult + 'static>(
    environment: &mut Environment<'static>,
    name: &'static str,
    filter: fn(&str) -> R,
) {
    environment.add_filter(name, move |text: Option<&str>| filter(text.unwrap_or_default()));
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
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
fn fill(list: &Value, words: i64) -> Result<Vec<Value>, Error> {
    let mut taken = Vec::new();
    let mut count = 0;
    for item in list.try_iter()? {
        let more = i64::try_from(item.to_string().split_whitespace().count()).unwrap_or(i64::MAX / 4);
        if !taken.is_empty() && count + more / 2 > words {
            break;
        }
        count += more;
        taken.push(item);
    }
    Ok(taken)
}
