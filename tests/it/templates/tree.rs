//! Templates as trees: a product's with its parts in it.

use quintet::template::Template;
use serde_json::{Map, Value, json};

use super::path;

/// A template as JSON, in which `!Ref X` is `{"Ref": "X"}` and `!Sub X` is `{"Sub": "X"}`, with its loops written out.
pub fn template(name: &str) -> Value {
    Template::load(&path(name)).unwrap_or_else(|error| panic!("{error}")).tree()
}

/// A product's template with the resources of its parts (`infra/shared`), as if they were written in it.
pub fn whole(name: &str) -> Value {
    let mut product = template(name);
    let mut outputs = Map::new();
    for (id, application) in parts(&product) {
        let (part, passed) = (part(&application), &application["Properties"]["Parameters"]);
        let declared = section(&part, "Parameters").iter();
        let given = declared.map(|(name, it)| (name.clone(), passed.get(name).unwrap_or(&it["Default"]).clone()));
        let given: Map<_, _> = given.collect();
        for (output, it) in section(&part, "Outputs") {
            outputs.insert(format!("{id}.Outputs.{output}"), filled(&it["Value"], &given));
        }
        let resources = product["Resources"].as_object_mut().expect("resources");
        resources.remove(&id);
        for (resource, it) in section(&part, "Resources") {
            let known = resources.insert(resource.clone(), filled(it, &given));
            assert!(known.is_none(), "{name} and its parts have two {resource}");
        }
    }
    let mappings = product["Mappings"].clone();
    looked_up(&filled(&product, &outputs), &mappings)
}

pub fn parts(product: &Value) -> Vec<(String, Value)> {
    let all = resources(product, "AWS::Serverless::Application").into_iter();
    all.map(|(id, resource)| (id.to_owned(), resource.clone())).collect()
}

pub fn part(application: &Value) -> Value {
    template(&format!("infra/{}", application["Properties"]["Location"].as_str().expect("location")))
}

/// The value with `given` in place of these names.
fn filled(value: &Value, given: &Map<String, Value>) -> Value {
    let text = |text: &str| {
        given.iter().fold(text.to_owned(), |text, (name, value)| match reference(value) {
            Some(value) => text.replace(&format!("${{{name}}}"), &value),
            None => text,
        })
    };
    match value {
        Value::Array(items) => items.iter().map(|item| filled(item, given)).collect(),
        Value::Object(entries) => match entries.iter().next() {
            Some((call, Value::String(name))) if (call == "Ref" || call == "GetAtt") && given.contains_key(name) => {
                given[name].clone()
            }
            Some((call, Value::String(sub))) if call == "Sub" => json!({ "Sub": text(sub) }),
            Some((call, Value::Array(sub))) if call == "Sub" => {
                json!({ "Sub": [text(sub[0].as_str().expect("text")), filled(&sub[1], given)] })
            }
            _ => entries.iter().map(|(key, entry)| (key.clone(), filled(entry, given))).collect(),
        },
        other => other.clone(),
    }
}

/// How a text of `Sub` spells a value, if it can.
pub fn reference(value: &Value) -> Option<String> {
    let of = |call: &str| Some(format!("${{{}}}", value.get(call)?.as_str()?));
    let text = value.as_str().or_else(|| value.get("Sub")?.as_str()).map(str::to_owned);
    text.or_else(|| of("Ref")).or_else(|| of("GetAtt"))
}

/// The value with what `FindInMap` finds.
fn looked_up(value: &Value, mappings: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| looked_up(item, mappings)).collect(),
        Value::Object(entries) => match entries.get("FindInMap").and_then(Value::as_array) {
            Some(keys) => keys.iter().fold(mappings, |map, key| &map[key.as_str().expect("key")]).clone(),
            None => entries.iter().map(|(key, entry)| (key.clone(), looked_up(entry, mappings))).collect(),
        },
        other => other.clone(),
    }
}

pub fn section<'a>(template: &'a Value, name: &str) -> &'a Map<String, Value> {
    template[name].as_object().unwrap_or_else(|| panic!("no section {name}"))
}

pub fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = section(template, "Resources").iter().filter(|(_, resource)| resource["Type"] == kind);
    all.map(|(name, resource)| (name.as_str(), resource)).collect()
}
