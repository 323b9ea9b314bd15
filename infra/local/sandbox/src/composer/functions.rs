//! Functions that an answer calls, and their arguments.

use std::collections::HashSet;

use serde_json::Value;

use super::{Conversation, Role, json};
use crate::spelling::stem::stem;

/// The shortest word that tells a function from others, in letters.
const SHORTEST: usize = 3;
/// Words of that length that tell nothing.
const STOP_WORDS: [&str; 12] = ["the", "and", "for", "are", "you", "what", "who", "how", "что", "как", "это", "или"];

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
    /// Those that have a word of their name or description in the last user message.
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
pub(super) fn calls(conversation: &Conversation, question: &str) -> Vec<FunctionCall> {
    let Conversation { messages, functions, choice, several, .. } = conversation;
    // Results of functions are answered with a text.
    let was_asked = messages.last().is_some_and(|message| message.role == Role::User);
    let matching = || functions.iter().filter(|function| was_asked && matches(function, question));
    let mut called: Vec<&Function> = match choice {
        Choice::None => Vec::new(),
        Choice::Required if matching().next().is_none() => functions.first().into_iter().collect(),
        Choice::Auto | Choice::Required => matching().collect(),
        Choice::Named(name) => functions.iter().filter(|function| function.name == *name).collect(),
    };
    if !several {
        called.truncate(1);
    }
    let words = words(question);
    let call = |function: &Function| {
        let arguments = json::instance(&function.parameters, &words);
        let arguments = if arguments.is_object() { arguments.to_string() } else { "{}".to_owned() };
        FunctionCall { name: function.name.clone(), arguments }
    };
    called.into_iter().map(call).collect()
}

/// Whether the text has a word of the function's name or description.
fn matches(function: &Function, text: &str) -> bool {
    let known: HashSet<_> = stems(&function.name).chain(stems(&function.description)).collect();
    stems(text).any(|word| known.contains(&word))
}

fn stems(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphabetic());
    let tells = |word: &&str| word.chars().count() >= SHORTEST && !STOP_WORDS.contains(&word.to_lowercase().as_str());
    words.filter(tells).map(stem)
}

/// The words that fill arguments: the names in a question, else the question itself.
pub(super) fn words(question: &str) -> Vec<String> {
    let words = question.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty());
    let names = words.skip(1).filter(|word| word.chars().next().is_some_and(char::is_uppercase));
    let names: Vec<_> = names.map(str::to_owned).collect();
    if names.is_empty() { vec![super::text::shortened(question)] } else { names }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Content, Format, Message, compose};
    use super::*;

    fn function(name: &str, description: &str) -> Function {
        let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        Function { name: name.to_owned(), description: description.to_owned(), parameters }
    }

    fn ask(choice: Choice, several: bool, messages: &[(Role, &str)]) -> Content {
        let messages = messages.iter().map(|(role, text)| Message { role: *role, text: (*text).to_owned() }).collect();
        let functions = vec![function("get_weather", "Погода в городе"), function("local_time", "Который там час")];
        compose(&Conversation { messages, format: Format::Text, functions, choice, several }, None)
    }

    fn names(choice: Choice, several: bool, text: &str) -> Vec<String> {
        match ask(choice, several, &[(Role::User, text)]) {
            Content::Calls(calls) => calls.into_iter().map(|call| call.name).collect(),
            Content::Text(_) => Vec::new(),
        }
    }

    #[test]
    fn functions_are_called_by_their_words() {
        assert_eq!(names(Choice::Auto, true, "Какая погода в Париже?"), ["get_weather"]);
        assert_eq!(names(Choice::Auto, true, "What is the weather in Paris?"), ["get_weather"]);
        assert_eq!(names(Choice::Auto, true, "Погода в Риме и который час?"), ["get_weather", "local_time"]);
        assert_eq!(names(Choice::Auto, false, "Погода в Риме и который час?"), ["get_weather"]);
        assert_eq!(names(Choice::Auto, true, "Расскажи анекдот"), [""; 0]);
        assert_eq!(names(Choice::None, true, "Какая погода в Париже?"), [""; 0]);
    }

    #[test]
    fn a_call_can_be_required() {
        assert_eq!(names(Choice::Required, true, "Расскажи анекдот"), ["get_weather"]);
        assert_eq!(names(Choice::Required, true, "Который час?"), ["local_time"]);
        assert_eq!(names(Choice::Named("local_time".to_owned()), true, "Какая погода?"), ["local_time"]);
    }

    #[test]
    fn arguments_come_from_the_question() {
        let asked = ask(Choice::Auto, true, &[(Role::User, "Какая погода в Париже?")]);
        let arguments = r#"{"city":"Париже"}"#.to_owned();
        assert_eq!(asked, Content::Calls(vec![FunctionCall { name: "get_weather".to_owned(), arguments }]));
    }

    #[test]
    fn results_of_functions_are_quoted() {
        let messages = [(Role::User, "Какая погода?"), (Role::Assistant, ""), (Role::Tool, "{\"celsius\":21}")];
        let Content::Text(text) = ask(Choice::Auto, true, &messages) else { panic!("another call") };
        assert!(text.contains("{\"celsius\":21}") && text.contains("есочниц"), "{text}");
    }
}
