//! A test on a given text: every question can be answered from it, every wrong answer is a changed piece of it.

use super::stage::Stage;
use super::{Task, material, quiz_words};
use crate::extract::facts::{self, Definition};
use crate::spelling::without_capital;
use crate::text::put::put;
use crate::text::stopwords::is_stopword;
use crate::text::tokens::{Token, tokens};
use crate::text::{Lang, language};
use crate::writer::Seed;

/// A question with its answer; `options` is empty for an open one.
struct Question {
    text: String,
    options: Vec<(String, bool)>,
    answer: String,
    why: String,
}

pub(super) fn quiz(task: &Task<'_>) -> String {
    let text = task.get("text");
    if matches!(task.stage, Stage::Notes(_)) {
        return task.notes(&material::analyse(text, 15));
    }
    let count = task.get("count").trim().parse().unwrap_or(10_usize);
    let seed = Seed::of([task.tool, text, &task.variant.to_string()]);
    let mut writer = Writer::new(text, task.get("difficulty") == "высокая", seed);
    let questions: Vec<Question> =
        (0..count.min(writer.statements.len())).map(|index| writer.question(task.get("kind"), index)).collect();
    render(&questions, language(text))
}

fn render(questions: &[Question], lang: Lang) -> String {
    let (letters, heading) = match lang {
        Lang::Ru => (["А", "Б", "В", "Г"], "Ответы"),
        Lang::En => (["A", "B", "C", "D"], "Answers"),
    };
    let mut sheet = String::new();
    let mut key = String::new();
    for (place, question) in questions.iter().enumerate() {
        put(&mut sheet, format_args!("{}. {}\n", place + 1, question.text));
        let mut right = Vec::new();
        for ((option, is_right), letter) in question.options.iter().zip(letters) {
            put(&mut sheet, format_args!("{letter}) {option}\n"));
            if *is_right {
                right.push(letter);
            }
        }
        sheet.push('\n');
        let answer = if right.is_empty() { question.answer.clone() } else { right.join(", ") };
        put(&mut key, format_args!("{}. {answer}{}\n", place + 1, question.why));
    }
    format!("{sheet}{heading}\n\n{}", key.trim_end())
}

struct Writer<'a> {
    lang: Lang,
    /// Sentences to ask about, spread over the text.
    statements: Vec<&'a str>,
    definitions: Vec<Definition>,
    /// Words that may stand in for each other.
    words: Vec<&'a str>,
    hard: bool,
    seed: Seed,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str, hard: bool, seed: Seed) -> Self {
        let mut words: Vec<&str> = Vec::new();
        for token in tokens(text) {
            if let Token::Word(word) = token
                && word.chars().count() > 3
                && !is_stopword(&word.to_lowercase())
                && word.chars().next().is_some_and(char::is_lowercase)
                && !words.contains(&word)
            {
                words.push(word);
            }
        }
        Self {
            lang: language(text),
            statements: material::statements(text),
            definitions: facts::definitions(text),
            words,
            hard,
            seed,
        }
    }

    fn question(&mut self, kind: &str, index: usize) -> Question {
        let statement = self.statements.get(index).copied().unwrap_or_default();
        match kind {
            "верно или неверно" => self.true_or_false(statement),
            "открытые вопросы" => self.open(statement),
            "несколько верных ответов" => self.several(index),
            "смешанный тест" => match index % 4 {
                1 => self.true_or_false(statement),
                2 => self.open(statement),
                3 => self.several(index),
                _ => self.single(statement),
            },
            _ => self.single(statement),
        }
    }

    fn say(&self, ru: &str, en: &str) -> String {
        match self.lang {
            Lang::Ru => ru.to_owned(),
            Lang::En => en.to_owned(),
        }
    }

    fn single(&mut self, statement: &str) -> Question {
        if let Some(question) = self.definition(statement) {
            return question;
        }
        if self.hard || statement.split_whitespace().count() < 5 {
            return self.which_is_true(statement);
        }
        let Some((gapped, right)) = self.gap(statement) else { return self.which_is_true(statement) };
        let mut options = vec![(right.clone(), true)];
        options.extend(self.stand_ins(&right, 3).into_iter().map(|word| (word, false)));
        if options.len() < 4 {
            return self.which_is_true(statement);
        }
        let text =
            format!("{} «{gapped}»", self.say("Что пропущено в утверждении", "What is missing in the statement"));
        self.closed(format!("{text}?"), options, statement)
    }

    /// «Что такое X?» for a statement that says it.
    fn definition(&mut self, statement: &str) -> Option<Question> {
        let known = self
            .definitions
            .iter()
            .find(|definition| statement.contains(&definition.term) && statement.contains(&definition.meaning))?;
        let (term, meaning) = (known.term.clone(), known.meaning.clone());
        let mut options = vec![(meaning.clone(), true)];
        for other in &self.definitions {
            if other.term != term && options.len() < 4 {
                options.push((other.meaning.clone(), false));
            }
        }
        self.add_wrong(&mut options, &[&meaning]);
        if options.len() < 4 {
            return None;
        }
        let text = format!("{} «{term}»?", self.say("Что такое", "What is"));
        Some(self.closed(text, options, statement))
    }

    fn which_is_true(&mut self, statement: &str) -> Question {
        let mut options = vec![(statement.to_owned(), true)];
        self.add_wrong(&mut options, &[statement]);
        let text = self.say("Какое утверждение соответствует материалу?", "Which statement agrees with the material?");
        self.closed(text, options, statement)
    }

    fn several(&mut self, index: usize) -> Question {
        let statement = |at: usize| self.statements.get(at % self.statements.len().max(1)).copied().unwrap_or_default();
        let (first, second) = (statement(index), statement(index + 1));
        let mut options = vec![(first.to_owned(), true)];
        if second != first {
            options.push((second.to_owned(), true));
        }
        self.add_wrong(&mut options, &[first, second]);
        let text = self.say("Какие утверждения соответствуют материалу?", "Which statements agree with the material?");
        self.closed(text, options, first)
    }

    fn true_or_false(&mut self, statement: &str) -> Question {
        let changed = self.change(statement, 1).unwrap_or_else(|| negate(statement));
        let truth = self.seed.below(2) == 0 || changed == statement;
        let shown = if truth { statement } else { &changed };
        let text = format!("{} {shown}", self.say("Верно ли утверждение?", "True or false?"));
        let answer = if truth { self.say("верно", "true") } else { self.say("неверно", "false") };
        Question { text, options: Vec::new(), answer, why: self.source(statement) }
    }

    fn open(&mut self, statement: &str) -> Question {
        let about = self.main_word(statement).unwrap_or_default();
        let text = match self.lang {
            Lang::Ru => format!("Что говорится в материале о слове «{about}»? Объясните своими словами."),
            Lang::En => format!("What does the material say about “{about}”? Explain in your own words."),
        };
        Question { text, options: Vec::new(), answer: statement.to_owned(), why: String::new() }
    }

    /// Adds wrong options made of these statements, up to four options; a plain negation if nothing else can be changed.
    fn add_wrong(&mut self, options: &mut Vec<(String, bool)>, statements: &[&str]) {
        for attempt in 0..18 {
            for statement in statements {
                let changed = self.change(statement, attempt);
                if let Some(changed) = changed.filter(|changed| options.iter().all(|(known, _)| known != changed))
                    && options.len() < 4
                {
                    options.push((changed, false));
                }
            }
        }
        if let (Some(statement), true) = (statements.first(), options.iter().all(|(_, right)| *right)) {
            options.push((negate(statement), false));
        }
    }

    /// Puts the right answer at a place that changes from question to question.
    fn closed(&mut self, text: String, options: Vec<(String, bool)>, statement: &str) -> Question {
        let mut left = options;
        let mut mixed = Vec::with_capacity(left.len());
        while !left.is_empty() {
            mixed.push(left.swap_remove(self.seed.below(left.len())));
        }
        Question { text, options: mixed, answer: String::new(), why: self.source(statement) }
    }

    fn source(&self, statement: &str) -> String {
        format!(" — {} {statement}", self.say("в материале:", "the material says:"))
    }

    /// The statement without its main number or word, and what was there.
    fn gap(&self, statement: &str) -> Option<(String, String)> {
        let missing = self.replaceable(statement).into_iter().next().or_else(|| self.main_word(statement))?;
        Some((statement.trim_end_matches('.').replacen(&missing, "…", 1), missing))
    }

    fn main_word(&self, statement: &str) -> Option<String> {
        let words = tokens(statement).into_iter().filter_map(|token| match token {
            Token::Word(word) if self.words.contains(&word) => Some(word),
            _ => None,
        });
        words.max_by_key(|word| word.chars().count()).map(str::to_owned)
    }

    /// Wrong answers that fit where the right one stands: of the same form, else words of the text with the same ending.
    fn stand_ins(&mut self, right: &str, count: usize) -> Vec<String> {
        let mut found = quiz_words::alternatives(right, self.seed.below(8));
        let ending = |word: &str, length: usize| word.chars().rev().take(length).collect::<String>();
        for length in [4, 3, 2] {
            for word in &self.words {
                let fits = *word != right
                    && ending(word, length) == ending(right, length)
                    && !found.iter().any(|known| known == word);
                if fits && found.len() < count {
                    found.push((*word).to_owned());
                }
            }
        }
        found.truncate(count);
        found
    }

    /// The words of a statement that can be replaced, those first whose replacement is sure to be grammatical.
    fn replaceable(&self, statement: &str) -> Vec<String> {
        let (mut sure, mut other) = (Vec::new(), Vec::new());
        for token in tokens(statement) {
            match token {
                Token::Opaque(number) if number.chars().all(|c| c.is_ascii_digit()) => {
                    sure.insert(0, number.to_owned());
                }
                Token::Word(word) if !quiz_words::alternatives(word, 0).is_empty() => sure.push(word.to_owned()),
                Token::Word(word) if self.words.contains(&word) => other.push(word.to_owned()),
                _ => {}
            }
        }
        sure.extend(other);
        sure
    }

    /// The statement with a number or a word changed, so that it is no longer what the text says.
    fn change(&mut self, statement: &str, attempt: usize) -> Option<String> {
        let words = self.replaceable(statement);
        let old = words.get(attempt / 3 % words.len().max(1))?;
        let stand_ins = self.stand_ins(old, 3);
        stand_ins.get(attempt % 3).map(|new| statement.replacen(old, new, 1))
    }
}

fn negate(statement: &str) -> String {
    format!(
        "{} {}",
        if language(statement) == Lang::En { "It is not so that" } else { "Неверно, что" },
        without_capital(statement)
    )
}
