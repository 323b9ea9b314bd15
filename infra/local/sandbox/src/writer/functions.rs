//! Functions that the model may call: which ones a conversation asks for, and with what arguments.

use std::collections::HashSet;

use serde_json::Value;

use super::{Conversation, Prompt, Role, json};
use crate::extract;
use crate::text::stem::stem;
use crate::text::stopwords::is_stopword;

/// The shortest word by which a function is known, in letters.
const TELLING: usize = 3;

/// A function as the caller describes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) description: String,
    /// The JSON Schema of the arguments.
    pub(crate) parameters: Value,
}

/// Which functions are to be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    None,
    /// Those that the last message asks for.
    #[default]
    Auto,
    /// The same, but at least one.
    Required,
    /// The one with this name.
    Named(String),
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionCall {
    pub(crate) name: String,
    /// A JSON object.
    pub(crate) arguments: String,
}

/// The calls that a conversation asks for.
pub(super) fn calls(conversation: &Conversation, prompt: &Prompt, variant: u32) -> Vec<FunctionCall> {
    let Conversation { messages, functions, choice, several, .. } = conversation;
    // Who was just told what a function returned is to answer.
    let was_asked = messages.last().is_some_and(|message| message.role == Role::User);
    let wished = || functions.iter().filter(|function| was_asked && is_wished(function, &prompt.question));
    let mut called: Vec<&Function> = match choice {
        Choice::None => Vec::new(),
        Choice::Auto => wished().collect(),
        Choice::Required => {
            let wished: Vec<_> = wished().collect();
            if wished.is_empty() { functions.first().into_iter().collect() } else { wished }
        }
        Choice::Named(name) => functions.iter().filter(|function| function.name == *name).collect(),
    };
    if !several {
        called.truncate(1);
    }
    let call = |function: &Function| FunctionCall {
        name: function.name.clone(),
        arguments: json::arguments(&function.parameters, prompt, variant),
    };
    called.into_iter().map(call).collect()
}

/// Whether the text has a word of the function's name or description.
fn is_wished(function: &Function, text: &str) -> bool {
    let known = stems(&function.name).chain(stems(&function.description)).collect::<HashSet<_>>();
    stems(text).any(|word| known.contains(&word))
}

fn stems(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphabetic());
    let telling = |word: &&str| word.chars().count() >= TELLING && !is_stopword(&word.to_lowercase());
    words.filter(telling).map(stem)
}

/// What arguments are made of: names in the question, else what it is about.
pub(super) fn material(question: &str) -> Vec<String> {
    let names = extract::facts::names(question);
    if names.is_empty() { extract::keywords(question, 3) } else { names }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Format, Message, Said, respond};
    use super::*;

    fn function(name: &str, description: &str) -> Function {
        let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        Function { name: name.to_owned(), description: description.to_owned(), parameters }
    }

    fn ask(choice: Choice, several: bool, messages: &[(Role, &str)]) -> Result<Vec<FunctionCall>, String> {
        let messages = messages.iter().map(|(role, text)| Message { role: *role, text: (*text).to_owned() }).collect();
        let functions = vec![function("get_weather", "Погода в городе"), function("local_time", "Который там час")];
        match respond(&Conversation { messages, format: Format::Text, functions, choice, several }, 0) {
            Said::Calls(calls) => Ok(calls),
            Said::Text(text) => Err(text),
        }
    }

    fn names(choice: Choice, several: bool, text: &str) -> Vec<String> {
        let calls = ask(choice, several, &[(Role::User, text)]).unwrap_or_default();
        calls.into_iter().map(|call| call.name).collect()
    }

    #[test]
    fn functions_are_called_by_what_is_asked() {
        assert_eq!(names(Choice::Auto, true, "Какая погода в Париже?"), ["get_weather"]);
        assert_eq!(names(Choice::Auto, true, "What is the weather in Paris?"), ["get_weather"]);
        assert_eq!(names(Choice::Auto, true, "Погода в Риме и который час?"), ["get_weather", "local_time"]);
        assert_eq!(names(Choice::Auto, false, "Погода в Риме и который час?"), ["get_weather"]);
        assert_eq!(names(Choice::Auto, true, "Расскажи анекдот"), [""; 0]);
        assert_eq!(names(Choice::None, true, "Какая погода в Париже?"), [""; 0]);
    }

    #[test]
    fn a_call_can_be_ordered() {
        assert_eq!(names(Choice::Required, true, "Расскажи анекдот"), ["get_weather"]);
        assert_eq!(names(Choice::Required, true, "Который час?"), ["local_time"]);
        assert_eq!(names(Choice::Named("local_time".to_owned()), true, "Какая погода?"), ["local_time"]);
    }

    #[test]
    fn arguments_fit_the_schema_and_come_from_the_question() {
        let calls = ask(Choice::Auto, true, &[(Role::User, "Какая погода в Париже?")]).unwrap();
        assert_eq!(calls[0].arguments, r#"{"city":"Париже"}"#);
    }

    #[test]
    fn what_a_function_returned_is_answered_with() {
        let told = [(Role::User, "Какая погода в Париже?"), (Role::Assistant, ""), (Role::Tool, "{\"celsius\":21}")];
        let text = ask(Choice::Auto, true, &told).unwrap_err();
        assert!(text.contains("{\"celsius\":21}") && text.contains("песочниц"), "{text}");
    }
}
