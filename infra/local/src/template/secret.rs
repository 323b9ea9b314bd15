//! Secrets that a template asks to be generated, and references to their values.

use serde::Deserialize;
use serde_json::Value;

use super::error::{Error, Path, Problem};
use super::file::File;
use super::names::kind;
use super::node::Node;
use super::scope::Scope;
use crate::secrets::Recipe;

/// `GenerateSecretString` as templates spell it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Generate {
    password_length: usize,
    exclude_punctuation: bool,
    secret_string_template: Option<String>,
    #[serde(rename = "GenerateStringKey")]
    key: Option<String>,
}

impl Default for Generate {
    /// Defaults as Secrets Manager has them.
    fn default() -> Self {
        Self { password_length: 32, exclude_punctuation: false, secret_string_template: None, key: None }
    }
}

/// The value of `secret-id[:SecretString[:json-key]]`; `None` if the reference asks for something else, such as a version: a local secret has one.
pub(super) fn resolve(scope: &Scope, reference: &str, path: &Path) -> Result<Option<String>, Error> {
    let Some((id, key)) = parse(reference) else { return Ok(None) };
    let Some(value) = find(scope, id, path)? else {
        return Err(scope.file.error(path, Problem::UnknownName(id.to_owned())));
    };
    let Some(key) = key else { return Ok(Some(value)) };
    let document: Option<Value> = serde_json::from_str(&value).ok();
    Ok(document.as_ref().and_then(|document| document.get(key)?.as_str()).map(str::to_owned))
}

/// Secret and JSON key of a reference. An ARN has seven parts of its own.
fn parse(reference: &str) -> Option<(&str, Option<&str>)> {
    let parts = if reference.starts_with("arn:") { 7 } else { 1 };
    let end = reference.match_indices(':').nth(parts - 1).map_or(reference.len(), |(at, _)| at);
    let (id, rest) = reference.split_at(end);
    let mut rest = rest.split(':').skip(1);
    let mut next = || rest.next().unwrap_or_default();
    match (next(), next(), next(), next()) {
        ("" | "SecretString", key, "" | "AWSCURRENT", "") => Some((id, Some(key).filter(|key| !key.is_empty()))),
        _ => None,
    }
}

/// The value of the secret that is called `id`, by ARN or by name, in this template or in one that it nests.
fn find(scope: &Scope, id: &str, path: &Path) -> Result<Option<String>, Error> {
    for (logical_id, resource) in secrets(scope.file) {
        let name = scope.names().physical(logical_id, resource, scope, path)?;
        if id == name || id == scope.names().arn("secretsmanager", &format!("secret:{name}")) {
            return value(scope, logical_id, resource).map(Some);
        }
    }
    let nested = scope.file.nested.iter().filter(|(_, file)| secrets(file).next().is_some());
    for (nesting, _) in nested {
        if let Some(nested) = scope.nested(nesting)?
            && let Some(value) = find(&nested, id, path)?
        {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn secrets(file: &File) -> impl Iterator<Item = &(String, Node)> {
    file.section("Resources").iter().filter(|(_, resource)| kind(resource) == SECRET)
}

const SECRET: &str = "AWS::SecretsManager::Secret";

/// The secret's value, generated on its first use.
fn value(scope: &Scope, logical_id: &str, resource: &Node) -> Result<String, Error> {
    let resources = Path::root("Resources");
    let path = resources.key(logical_id);
    let properties = resource.get("Properties");
    let get = |name: &str| {
        let node = properties.and_then(|properties| properties.get(name));
        node.map_or(Ok(None), |node| scope.evaluate(node, &path.key(name)))
    };
    if let Some(Value::String(fixed)) = get("SecretString")? {
        return Ok(fixed);
    }
    let generate = get("GenerateSecretString")?.ok_or_else(|| scope.file.error(&path, Problem::Missing))?;
    let generate: Generate = serde_json::from_value(generate)
        .map_err(|cause| scope.file.error(&path.key("GenerateSecretString"), Problem::Shape(cause.to_string())))?;
    let recipe = Recipe {
        length: generate.password_length,
        punctuation: !generate.exclude_punctuation,
        inside: generate.secret_string_template.zip(generate.key),
    };
    let name = scope.names().physical(logical_id, resource, scope, &path)?;
    scope.surroundings.secrets.get(&name, &recipe).map_err(|cause| scope.file.error(&path, cause.into()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn references_name_secrets_by_name_or_arn() {
        assert_eq!(parse("keys"), Some(("keys", None)));
        assert_eq!(parse("keys:SecretString"), Some(("keys", None)));
        assert_eq!(parse("keys:SecretString:user::"), Some(("keys", Some("user"))));
        let arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:keys";
        assert_eq!(parse(&format!("{arn}:SecretString:user")), Some((arn, Some("user"))));
        assert_eq!(parse(arn), Some((arn, None)));
        assert_eq!(parse(&format!("{arn}:SecretString:::")), Some((arn, None)));
        assert_eq!(parse("keys:SecretBinary"), None);
        assert_eq!(parse("keys:SecretString:::1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"), None);
        assert_eq!(parse("keys:SecretString::AWSPREVIOUS:"), None);
    }
}
