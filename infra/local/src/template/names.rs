//! What `Ref` and `GetAtt` give for the resources that the local stack serves.

use serde_json::Value;

use super::error::{Error, Path};
use super::node::Node;
use super::scope::Scope;
use super::surroundings::Surroundings;

pub(super) const PARTITION: &str = "aws";
pub(super) const URL_SUFFIX: &str = "amazonaws.com";

/// The name of the root stack.
const ROOT: &str = "quintet";

/// The names of one stack's resources.
///
/// Physical names are derived from logical ids, so that they are the same after a restart.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub surroundings: &'a Surroundings<'a>,
    /// Logical ids from the root down to this stack.
    pub stack: &'a [String],
}

impl Names<'_> {
    pub(super) fn stack_name(self) -> String {
        std::iter::once(ROOT).chain(self.stack.iter().map(String::as_str)).collect::<Vec<_>>().join("-")
    }

    /// The product that this stack is part of: its first nested stack, in lower case with hyphens.
    pub(super) fn product(self) -> String {
        self.stack.first().map_or_else(|| ROOT.to_owned(), |id| kebab_case(id))
    }

    /// What `Ref` gives for a resource.
    pub(super) fn reference(self, id: &str, resource: &Node, scope: &Scope, path: &Path) -> Result<Value, Error> {
        let name = self.physical(id, resource, scope, path)?;
        Ok(Value::String(match kind(resource) {
            "AWS::SQS::Queue" => format!("{}/{}/{name}", self.surroundings.queues, self.surroundings.account),
            "AWS::SecretsManager::Secret" => self.arn("secretsmanager", &format!("secret:{name}")),
            _ => name,
        }))
    }

    /// What `GetAtt` gives for a resource; `None` if there is no such thing locally.
    pub(super) fn attribute(
        self,
        id: &str,
        resource: &Node,
        attribute: &str,
        scope: &Scope,
        path: &Path,
    ) -> Result<Option<Value>, Error> {
        let name = self.physical(id, resource, scope, path)?;
        let text = match (kind(resource), attribute) {
            ("AWS::SQS::Queue", "Arn") => self.arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::DynamoDB::Table", "Arn") => self.arn("dynamodb", &format!("table/{name}")),
            ("AWS::S3::Bucket", "Arn") => format!("arn:{PARTITION}:s3:::{name}"),
            ("AWS::S3::Bucket", "RegionalDomainName") => {
                format!("{name}.s3.{}.{URL_SUFFIX}", self.surroundings.region)
            }
            ("AWS::Serverless::Function", "Arn") => self.arn("lambda", &format!("function:{name}")),
            _ => return Ok(None),
        };
        Ok(Some(Value::String(text)))
    }

    /// An ARN in this account.
    pub(super) fn arn(self, service: &str, resource: &str) -> String {
        let Surroundings { region, account, .. } = self.surroundings;
        format!("arn:{PARTITION}:{service}:{region}:{account}:{resource}")
    }

    /// The name that a resource has in its service.
    pub(super) fn physical(self, id: &str, resource: &Node, scope: &Scope, path: &Path) -> Result<String, Error> {
        let given = match kind(resource) {
            "AWS::SQS::Queue" => Some("QueueName"),
            "AWS::DynamoDB::Table" => Some("TableName"),
            "AWS::S3::Bucket" => Some("BucketName"),
            "AWS::SecretsManager::Secret" => Some("Name"),
            // Names of functions are those of their binaries, so that logs and tests can use them. A binary that every product deploys has no
            // product in its name: the variable says which one this is.
            "AWS::Serverless::Function" => {
                let binary =
                    resource.get("Metadata").and_then(|it| it.get("BuildProperties")).and_then(|it| it.get("Binary"));
                let Some(binary) = binary.and_then(Node::as_str) else { return Ok(self.derived(id)) };
                let product = scope.file.root.get("Globals").and_then(|globals| globals.get("Function"));
                let product = product.and_then(|it| it.get("Environment")?.get("Variables")?.get("PRODUCT")?.as_str());
                let own = product.map(|product| format!("{product}-")).unwrap_or_default();
                return Ok(if binary.starts_with(&own) { binary.to_owned() } else { own + binary });
            }
            _ => None,
        };
        let given = given.and_then(|property| Some((property, resource.get("Properties")?.get(property)?)));
        if let Some((property, node)) = given
            && let Some(Value::String(name)) = scope.evaluate(node, &path.key("Properties").key(property))?
        {
            return Ok(name);
        }
        Ok(match kind(resource) {
            "AWS::S3::Bucket"
            | "AWS::Serverless::Api"
            | "AWS::Serverless::HttpApi"
            | "AWS::Serverless::WebSocketApi" => kebab_case(&self.derived(id)),
            _ => self.derived(id),
        })
    }

    /// Of the product and of what its template calls the resource, whichever of the templates that it nests that is.
    fn derived(self, id: &str) -> String {
        self.stack.first().map(String::as_str).into_iter().chain([id]).collect::<Vec<_>>().join("-")
    }
}

/// The type of a resource.
pub(super) fn kind(resource: &Node) -> &str {
    resource.get("Type").and_then(Node::as_str).unwrap_or_default()
}

/// `EasyWriter` becomes `easy-writer`.
pub(super) fn kebab_case(id: &str) -> String {
    let mut text = String::with_capacity(id.len() + 4);
    for character in id.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}
