//! What each function may ask of AWS, as its template says, held against what it does ask.
//!
//! On AWS a missing permission is found by the first user who needs it. Here every call of every test is looked up in the template's policies:
//! one that is not granted is refused as AWS would, and fails the test. With `QUINTET_PERMISSIONS` naming a folder, each process also leaves
//! there what was granted and what was used, so that `.ci/run` finds grants that nothing needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use quintet::HttpClients;
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;

use super::faults::Faults;
use super::products::PRODUCTS;

/// What Lambda itself does with a function's role, before the function is called.
const LAMBDAS_OWN: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// One statement of a function's policy.
#[derive(Debug)]
struct Statement {
    sid: String,
    actions: Vec<String>,
    /// As the template writes them: `!GetAtt Table.Arn` is `${Table.Arn}`.
    resources: Vec<String>,
    /// Patterns of partition keys; any key without them.
    keys: Vec<String>,
}

/// The policies of all functions, by the name of their product and their own.
static POLICIES: LazyLock<BTreeMap<String, Vec<Statement>>> = LazyLock::new(read);

/// Something that a function asks of AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ask {
    action: String,
    resource: String,
    key: Option<String>,
}

/// The permissions of one function in one world.
#[derive(Clone)]
pub struct Permissions {
    function: String,
    denied: Arc<Mutex<BTreeSet<String>>>,
}

/// What was refused in a world.
#[derive(Clone, Default)]
pub struct Denied(Arc<Mutex<BTreeSet<String>>>);

impl Denied {
    /// The permissions of a function, whose refusals end up here.
    pub fn of(&self, function: &str) -> Permissions {
        Permissions { function: function.to_owned(), denied: Arc::clone(&self.0) }
    }

    /// A client for each function of a stack, which sends what its template permits.
    pub fn http_clients(&self, faults: &Faults) -> HttpClients {
        let (denied, faults) = (self.clone(), faults.clone());
        Box::new(move |function, network| faults.http_client_of(denied.of(function), network))
    }

    /// What was refused.
    pub fn all(&self) -> BTreeSet<String> {
        self.0.lock().expect("refusals").clone()
    }
}

impl Permissions {
    /// Whether the function may send this request. What it may not is remembered.
    pub fn allow(&self, request: &HttpRequest) -> bool {
        let refused: Vec<_> = asks(request).into_iter().filter(|ask| !self.granted(ask)).collect();
        let mut denied = self.denied.lock().expect("refusals");
        denied.extend(refused.iter().map(|ask| format!("{} may not {ask:?}", self.function)));
        refused.is_empty()
    }

    /// An object was not there. S3 says so only to those who may list the bucket; to others it says that they have no access.
    pub fn missing_object(&self) {
        let ask = Ask { action: "s3:ListBucket".to_owned(), resource: "${Bucket.Arn}".to_owned(), key: None };
        if !self.granted(&ask) {
            self.denied.lock().expect("refusals").insert(format!("{} may not {ask:?}", self.function));
        }
    }

    fn granted(&self, ask: &Ask) -> bool {
        let statements = POLICIES.get(&self.function).map(Vec::as_slice).unwrap_or_default();
        let Some((statement, key)) = statements.iter().find_map(|statement| Some((statement, statement.grants(ask)?)))
        else {
            return false;
        };
        record(&self.function, &statement.sid, &ask.action, key);
        true
    }
}

impl Statement {
    /// The pattern of partition keys by which this grants what is asked, or `*`; `None` if it does not.
    fn grants(&self, ask: &Ask) -> Option<&str> {
        if !self.actions.contains(&ask.action)
            || !self.resources.iter().any(|resource| matches(resource, &ask.resource))
        {
            return None;
        }
        let Some(key) = &ask.key else { return self.keys.is_empty().then_some("*") };
        if self.keys.is_empty() {
            return Some("*");
        }
        self.keys.iter().find(|pattern| matches(pattern, key)).map(String::as_str)
    }
}

/// Whether a pattern with stars covers a text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text
            .strip_prefix(before)
            .is_some_and(|rest| (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))),
    }
}

/// What a request asks for.
fn asks(request: &HttpRequest) -> Vec<Ask> {
    let uri = request.uri();
    let Some(target) = request.headers().get("x-amz-target") else {
        if uri.contains("/@connections/") {
            return vec![Ask {
                action: "execute-api:ManageConnections".to_owned(),
                resource: SOCKETS.to_owned(),
                key: None,
            }];
        }
        // The host, then the bucket, then the key.
        let path = uri.split('?').next().unwrap_or_default();
        let key = path.splitn(5, '/').nth(4).unwrap_or_default();
        let action = match request.method() {
            "PUT" => "s3:PutObject",
            "DELETE" => "s3:DeleteObject",
            _ => "s3:GetObject",
        };
        return vec![Ask { action: action.to_owned(), resource: format!("${{Bucket.Arn}}/{key}"), key: None }];
    };
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).expect("a JSON body");
    let operation = target.rsplit('.').next().unwrap_or_default();
    if target.starts_with("AmazonSQS") {
        let resource = format!("${{{}.Arn}}", logical(&body["QueueUrl"]));
        return vec![Ask { action: format!("sqs:{operation}"), resource, key: None }];
    }
    if operation != "TransactWriteItems" {
        return vec![table_ask(operation, &body)];
    }
    let writes = body["TransactItems"].as_array().expect("writes");
    let writes = writes.iter().flat_map(|write| write.as_object().expect("a write"));
    writes
        .map(|(kind, write)| match kind.as_str() {
            "ConditionCheck" => table_ask("ConditionCheckItem", write),
            kind => table_ask(&format!("{kind}Item"), write),
        })
        .collect()
}

/// What its template calls a thing: physical names end in it.
fn logical(name: &Value) -> &str {
    name.as_str().and_then(|name| name.rsplit(['/', '-']).next()).expect("a name")
}

fn table_ask(operation: &str, body: &Value) -> Ask {
    let table = logical(&body["TableName"]);
    let resource = match body["IndexName"].as_str() {
        Some(index) => format!("${{{table}.Arn}}/index/{index}"),
        None => format!("${{{table}.Arn}}"),
    };
    let key = match operation {
        "Scan" => None,
        "Query" => Some(queried(body)),
        "PutItem" => Some(body["Item"]["pk"]["S"].as_str().expect("a key").to_owned()),
        _ => Some(body["Key"]["pk"]["S"].as_str().expect("a key").to_owned()),
    };
    Ask { action: format!("dynamodb:{operation}"), resource, key }
}

/// The partition that a query is about.
fn queried(body: &Value) -> String {
    let condition = body["KeyConditionExpression"].as_str().expect("a condition");
    let (name, rest) = condition.split_once('=').expect("an equality");
    let attribute = body["ExpressionAttributeNames"][name.trim()].as_str().expect("a name");
    assert!(attribute.ends_with("pk"), "the partition comes first in {condition}");
    let value = rest.split_whitespace().next().expect("a value");
    body["ExpressionAttributeValues"][value]["S"].as_str().expect("a text").to_owned()
}

const SOCKETS: &str =
    "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${SocketApi}/live/POST/@connections/any";

fn read() -> BTreeMap<String, Vec<Statement>> {
    let policies = PRODUCTS.iter().flat_map(|product| read_template(product.name)).collect();
    leave_granted(&policies);
    policies
}

fn read_template(product: &str) -> Vec<(String, Vec<Statement>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../infra/{product}.yaml"));
    let text = std::fs::read_to_string(path).expect("template");
    let template: Yaml = serde_yaml_ng::from_str(&text).expect("YAML");
    let resources = template["Resources"].as_mapping().expect("resources");
    let functions = resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    let product = template["Globals"]["Function"]["Environment"]["Variables"]["PRODUCT"].as_str().expect("product");
    functions
        .map(|function| {
            let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().expect("binary");
            let name = format!("{product}-{}", binary.trim_start_matches(&format!("{product}-")));
            let policies = function["Properties"]["Policies"].as_sequence().expect("policies");
            // A policy of AWS's own is a name; what it grants is not for calls that our code makes.
            let statements = policies.iter().filter_map(|policy| policy["Statement"].as_sequence()).flatten();
            (name, statements.map(statement).collect())
        })
        .collect()
}

fn statement(statement: &Yaml) -> Statement {
    assert_eq!(statement["Effect"], "Allow");
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    Statement {
        sid: statement["Sid"].as_str().expect("every statement has a name").to_owned(),
        actions: list(&statement["Action"]),
        resources: list(&statement["Resource"]),
        keys: list(keys),
    }
}

/// One value or several.
fn list(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::Null => Vec::new(),
        Yaml::Sequence(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    }
}

fn text(value: &Yaml) -> String {
    match value {
        Yaml::Tagged(tagged) if tagged.tag == "GetAtt" => {
            own(&format!("${{{}}}", tagged.value.as_str().expect("GetAtt")))
        }
        Yaml::Tagged(tagged) if tagged.tag == "Sub" => own(tagged.value.as_str().expect("Sub")),
        value => value.as_str().unwrap_or_else(|| panic!("not a text: {value:?}")).to_owned(),
    }
}

/// What a template knows by an output of `infra/shared/state.yaml`, by the name that it has there.
fn own(reference: &str) -> String {
    reference.replace("State.Outputs.TableArn", "Table.Arn").replace("State.Outputs.BucketArn", "Bucket.Arn")
}

/// Appends lines to a file of the folder that `QUINTET_PERMISSIONS` names, if it does.
fn leave(file: &str, lines: &[String]) {
    let Some(folder) = std::env::var_os("QUINTET_PERMISSIONS") else { return };
    let path = Path::new(&folder).join(file);
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("permissions' file");
    // One write, so that processes do not cut into each other's lines.
    file.write_all((lines.join("\n") + "\n").as_bytes()).expect("permissions' file");
}

fn leave_granted(policies: &BTreeMap<String, Vec<Statement>>) {
    let mut lines = Vec::new();
    for (function, statements) in policies {
        for Statement { sid, actions, keys, .. } in statements {
            let actions = actions.iter().filter(|action| !LAMBDAS_OWN.contains(&action.as_str()));
            lines.extend(actions.chain(keys).map(|what| format!("{function} {sid} {what}")));
        }
    }
    leave("granted", &lines);
}

fn record(function: &str, sid: &str, action: &str, key: &str) {
    static SEEN: LazyLock<Mutex<BTreeSet<Vec<String>>>> = LazyLock::new(Mutex::default);
    let key = (key != "*").then_some(key);
    let lines: Vec<_> = [action].into_iter().chain(key).map(|what| format!("{function} {sid} {what}")).collect();
    if SEEN.lock().expect("permissions").insert(lines.clone()) {
        leave("used", &lines);
    }
}

#[test]
fn a_star_stands_for_any_characters() {
    for (pattern, text) in [("a", "a"), ("USER#*", "USER#1"), ("*", ""), ("a*c*", "abcd"), ("*#x", "a#b#x")] {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [("a", "ab"), ("USER#*", "USER"), ("*#x", "a#xy"), ("", "a")] {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}
