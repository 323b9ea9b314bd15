//! The templates and how they are rendered.

use std::sync::{Arc, LazyLock};

use minijinja::{Environment, Error, Value};

use super::facts::Facts;
use super::functions::{self, Dice};
use crate::writer::Seed;

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../data/tools/", $name, ".txt")))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = templates![
    "business_letter",
    "business_letter.en",
    "business_plan",
    "commercial_offer",
    "consumer_claim",
    "content_plan",
    "coursework_plan",
    "cover_letter",
    "cover_letter.en",
    "direct_ads",
    "email_reply",
    "essay",
    "essay.en",
    "exam_composition",
    "explain_topic",
    "fairy_tale",
    "generic",
    "greeting",
    "hard_message",
    "job_posting",
    "job_posting.en",
    "landing_page",
    "product_card",
    "report",
    "resume",
    "resume.en",
    "seo_article",
    "seo_article.en",
    "social_post",
    "speech",
    "speech.en",
    "video_script",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    functions::register(&mut environment);
    for (name, source) in TEMPLATES {
        if let Err(error) = environment.add_template_owned(*name, without_tag_lines(source)) {
            tracing::error!(template = name, error = format!("{error:#}"), "template does not parse");
        }
    }
    environment
});

/// The source without the line breaks after lines that hold nothing but one tag. (`trim_blocks` would also remove them after a tag that ends
/// a line of text.)
fn without_tag_lines(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for line in source.lines() {
        let bare = line.trim();
        let only_a_tag = bare.starts_with("{%") && bare.ends_with("%}") && bare.matches("{%").count() == 1;
        out.push_str(if only_a_tag { bare } else { line });
        if !only_a_tag {
            out.push('\n');
        }
    }
    out
}

/// The template of a tool in the wanted language, or in Russian.
pub(super) fn name(tool: &str, english: bool) -> Option<&'static str> {
    let find = |wanted: &str| TEMPLATES.iter().find(|(name, _)| *name == wanted).map(|(name, _)| *name);
    english.then(|| find(&format!("{tool}.en"))).flatten().or_else(|| find(tool))
}

/// Every template's name.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

pub(super) fn render(name: &str, step: &str, facts: &Facts, seed: Seed) -> Result<String, Error> {
    let fields = facts.iter().map(|(name, text)| (name, Value::from(text)));
    let dice = Value::from_dyn_object(Arc::new(Dice::new(seed)));
    let context: Value = fields.chain([("dice", dice), ("step", Value::from(step))]).collect();
    let text = ENVIRONMENT.get_template(name)?.render(context)?;
    Ok(tidy(&text))
}

/// At most one empty line in a row and one before every heading, no blanks at line ends, no double blanks inside lines.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.trim().lines() {
        let line = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if line.starts_with('#') && empty == 0 && !tidy.is_empty() {
            tidy.push('\n');
        }
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(&line);
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}
