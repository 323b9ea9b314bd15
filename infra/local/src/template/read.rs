//! From resources to the model.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::{Error, Path, Problem};
use super::model::{
    Bucket, Function, HttpApi, HttpRoute, Mapping, Model, Queue, RestApi, RestRoute, Schedule, SocketApi, Table,
};
use super::names::kind;
use super::node::Node;
use super::scope::{Scope, plain_text};
use crate::schedule::Rate;

/// Resource types without a local counterpart: permissions, logs, alarms, and what stands in front of the gateways.
const IGNORED: [&str; 13] = [
    "AWS::CloudFront::",
    "AWS::CloudWatch::",
    "AWS::Events::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::Route53::",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::",
    "AWS::WAFv2::",
];

/// How long Lambda lets a function run that does not say, and how long a gateway waits.
const DEFAULT_FUNCTION_SECONDS: u64 = 3;
const DEFAULT_GATEWAY_MILLIS: u64 = 30_000;
const DEFAULT_REST_MILLIS: u64 = 29_000;
/// How long a route of a REST API can ask it to wait if it streams; one that does not has no more than the default.
const MAX_STREAM_MILLIS: u64 = 900_000;
/// How long a stream may be silent: less where CloudFront is part of the API, which it is if the template does not say otherwise.
const REGIONAL_IDLE: Duration = Duration::from_mins(5);
const EDGE_IDLE: Duration = Duration::from_secs(30);
const DEFAULT_MEMORY: i32 = 128;

/// How many invocations of one mapping run at the same time where the template does not say. Lambda starts with five and adds more while the
/// queue stays full; a laptop does not.
const DEFAULT_CONCURRENCY: usize = 10;

/// Reads every resource of `scope` and of the templates that it nests.
pub(super) fn read(scope: &Scope, model: &mut Model) -> Result<(), Error> {
    let resources = Path::root("Resources");
    for (id, resource) in scope.file.section("Resources") {
        let path = resources.key(id);
        if let Some(condition) = resource.get("Condition").and_then(Node::as_str)
            && !scope.holds(condition, &path)?
        {
            continue;
        }
        let properties_path = path.key("Properties");
        let item =
            Item { scope, id, resource, path: &path, properties: Properties::new(scope, resource, &properties_path) };
        match kind(resource) {
            "AWS::Serverless::Application" | "AWS::CloudFormation::Stack" => {
                if let Some(nested) = scope.nested(id)? {
                    read(&nested, model)?;
                }
            }
            "AWS::Serverless::Function" => item.function(model)?,
            "AWS::Serverless::HttpApi" => item.http_api(model)?,
            "AWS::Serverless::Api" => item.rest_api(model)?,
            "AWS::Serverless::WebSocketApi" => model.socket_apis.push(item.socket_api()?),
            "AWS::Lambda::EventSourceMapping" => model.mappings.push(item.mapping()?),
            "AWS::SQS::Queue" => model.queues.push(item.queue()?),
            "AWS::DynamoDB::Table" => model.tables.push(item.table()?),
            "AWS::S3::Bucket" => model.buckets.push(item.bucket()?),
            ignored if IGNORED.iter().any(|prefix| ignored.starts_with(prefix)) => {}
            other => return Err(scope.file.error(&path, Problem::UnsupportedResource(other.to_owned()))),
        }
    }
    Ok(())
}

/// A resource that is being read.
struct Item<'a> {
    scope: &'a Scope<'a>,
    id: &'a str,
    resource: &'a Node,
    path: &'a Path<'a>,
    properties: Properties<'a>,
}

impl Item<'_> {
    fn name(&self) -> Result<String, Error> {
        self.scope.names().physical(self.id, self.resource, self.scope, self.path)
    }

    fn product(&self) -> String {
        self.scope.names().product()
    }

    fn function(&self, model: &mut Model) -> Result<(), Error> {
        let name = self.name()?;
        let globals_path = Path::root("Globals");
        let function_path = globals_path.key("Function");
        let globals = self.scope.file.root.get("Globals").and_then(|globals| globals.get("Function"));
        let globals = Properties { scope: self.scope, node: globals, path: &function_path };
        let seconds =
            self.properties.number("Timeout")?.map_or_else(|| globals.number("Timeout"), |own| Ok(Some(own)))?;
        let memory =
            self.properties.number("MemorySize")?.map_or_else(|| globals.number("MemorySize"), |own| Ok(Some(own)))?;
        let mut environment = globals.environment()?;
        environment.extend(self.properties.environment()?);
        if let Some(events) = self.properties.node.and_then(|properties| properties.get("Events")) {
            for (event, node) in events.entries() {
                let events_path = self.properties.path.key("Events");
                let path = events_path.key(event);
                self.event(event, node, &path, &name, model)?;
            }
        }
        model.functions.push(Function {
            product: self.product(),
            arn: self.scope.names().arn("lambda", &format!("function:{name}")),
            timeout: Duration::from_secs(seconds.unwrap_or(DEFAULT_FUNCTION_SECONDS)),
            memory: memory.and_then(|memory| memory.try_into().ok()).unwrap_or(DEFAULT_MEMORY),
            environment,
            name,
        });
        Ok(())
    }

    fn event(&self, event: &str, node: &Node, path: &Path, function: &str, model: &mut Model) -> Result<(), Error> {
        let properties_path = path.key("Properties");
        let properties = Properties::new(self.scope, node, &properties_path);
        match kind(node) {
            "HttpApi" => {
                let api: String = properties.require("ApiId")?;
                let millis = properties.number("TimeoutInMillis")?.unwrap_or(DEFAULT_GATEWAY_MILLIS);
                let route = HttpRoute {
                    method: properties.require::<String>("Method")?.to_ascii_uppercase(),
                    path: properties.require("Path")?,
                    function: function.to_owned(),
                    timeout: Duration::from_millis(millis),
                };
                http_api(model, &api, &self.product()).routes.push(route);
            }
            "Api" => {
                let api: String = properties.require("RestApiId")?;
                rest_api(model, &api, &self.product()).routes.push(properties.rest_route(function)?);
            }
            "SQS" => {
                let queue: String = properties.require("Queue")?;
                model.mappings.push(properties.mapping(&queue, function.to_owned())?);
            }
            "Schedule" => {
                let rule = properties.get("Name")?.unwrap_or_else(|| format!("{}-{}{event}", self.product(), self.id));
                let rate: String = properties.require("Schedule")?;
                let rate = Rate::parse(&rate)
                    .map_err(|cause| self.scope.file.error(path, Problem::Shape(cause.to_string())))?;
                let arn = self.scope.names().arn("events", &format!("rule/{rule}"));
                model.schedules.push(Schedule { function: function.to_owned(), rule, arn, rate });
            }
            other => {
                return Err(self.scope.file.error(path, Problem::Unsupported(format!("an event of type {other}"))));
            }
        }
        Ok(())
    }

    /// An API can be declared after the functions that are its routes, or before.
    fn http_api(&self, model: &mut Model) -> Result<(), Error> {
        if self.resource.get("Properties").is_some_and(|properties| properties.get("DefinitionBody").is_some()) {
            let problem = Problem::Unsupported("routes from a definition body".to_owned());
            return Err(self.scope.file.error(self.path, problem));
        }
        http_api(model, &self.name()?, &self.product());
        Ok(())
    }

    /// An API can be declared after the functions that are its routes, or before.
    fn rest_api(&self, model: &mut Model) -> Result<(), Error> {
        for unsupported in ["BinaryMediaTypes", "DefinitionBody", "DefinitionUri"] {
            if self.properties.node.is_some_and(|properties| properties.get(unsupported).is_some()) {
                let problem = Problem::Unsupported("an API that is more than routes to functions".to_owned());
                return Err(self.scope.file.error(&self.properties.path.key(unsupported), problem));
            }
        }
        let globals_path = Path::root("Globals");
        let api_path = globals_path.key("Api");
        let globals = self.scope.file.root.get("Globals").and_then(|globals| globals.get("Api"));
        let globals = Properties { scope: self.scope, node: globals, path: &api_path };
        let endpoint = self.properties.get("EndpointConfiguration")?;
        let endpoint: Option<Value> =
            endpoint.map_or_else(|| globals.get("EndpointConfiguration"), |own| Ok(Some(own)))?;
        // The type by itself, or in an object.
        let endpoint = endpoint.as_ref().map(|endpoint| endpoint.get("Type").unwrap_or(endpoint));
        let regional = endpoint.is_some_and(|kind| kind == "REGIONAL" || kind == "PRIVATE");
        let stage = self.properties.require("StageName")?;
        let api = rest_api(model, &self.name()?, &self.product());
        api.stage = stage;
        api.idle = if regional { REGIONAL_IDLE } else { EDGE_IDLE };
        Ok(())
    }

    fn socket_api(&self) -> Result<SocketApi, Error> {
        let routes: BTreeMap<String, Value> = self.properties.require("Routes")?;
        let path = self.properties.path.key("Routes");
        let routes = routes.into_iter().map(|(key, route)| {
            let arn = route.get("FunctionArn").and_then(Value::as_str).unwrap_or_default();
            let function = arn.rsplit_once("function:").map(|(_, name)| name.to_owned());
            Ok((key.clone(), function.ok_or_else(|| self.scope.file.error(&path.key(&key), Problem::Missing))?))
        });
        Ok(SocketApi {
            id: self.name()?,
            product: self.product(),
            stage: self.properties.get("StageName")?.unwrap_or_else(|| "default".to_owned()),
            routes: routes.collect::<Result<_, Error>>()?,
        })
    }

    fn mapping(&self) -> Result<Mapping, Error> {
        let queue: String = self.properties.require("EventSourceArn")?;
        let function: String = self.properties.require("FunctionName")?;
        let function = function.rsplit_once("function:").map_or(function.as_str(), |(_, name)| name).to_owned();
        self.properties.mapping(&queue, function)
    }

    fn queue(&self) -> Result<Queue, Error> {
        const ATTRIBUTES: [&str; 10] = [
            "ContentBasedDeduplication",
            "DeduplicationScope",
            "DelaySeconds",
            "FifoQueue",
            "FifoThroughputLimit",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "ReceiveMessageWaitTimeSeconds",
            "RedrivePolicy",
            "VisibilityTimeout",
        ];
        let mut attributes = BTreeMap::new();
        for attribute in ATTRIBUTES {
            if let Some(value) = self.properties.get::<Value>(attribute)? {
                attributes.insert(attribute.to_owned(), plain_text(&value).unwrap_or_else(|| value.to_string()));
            }
        }
        Ok(Queue { name: self.name()?, logical_id: self.id.to_owned(), product: self.product(), attributes })
    }

    fn table(&self) -> Result<Table, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Expiry {
            attribute_name: String,
            enabled: bool,
        }

        let name = self.name()?;
        let mut definition = json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST" });
        for property in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
            if let (Some(value), Some(definition)) =
                (self.properties.get::<Value>(property)?, definition.as_object_mut())
            {
                definition.insert(property.to_owned(), value);
            }
        }
        if self.properties.node.is_some_and(|properties| properties.get("StreamSpecification").is_some()) {
            let problem = Problem::Unsupported("a DynamoDB stream; send a queue message instead".to_owned());
            return Err(self.scope.file.error(&self.properties.path.key("StreamSpecification"), problem));
        }
        let expiry: Option<Expiry> = self.properties.get("TimeToLiveSpecification")?;
        let expires_by = expiry.filter(|expiry| expiry.enabled).map(|expiry| expiry.attribute_name);
        Ok(Table { name, logical_id: self.id.to_owned(), product: self.product(), definition, expires_by })
    }

    fn bucket(&self) -> Result<Bucket, Error> {
        let cors: Option<Value> = self.properties.get("CorsConfiguration")?;
        let rules =
            cors.as_ref().and_then(|cors| cors.get("CorsRules")?.as_array()).map(Vec::as_slice).unwrap_or_default();
        let origins = rules.iter().filter_map(|rule| rule.get("AllowedOrigins")?.as_array()).flatten();
        let browser_origins = origins.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Bucket { name: self.name()?, logical_id: self.id.to_owned(), product: self.product(), browser_origins })
    }
}

fn http_api<'a>(model: &'a mut Model, id: &str, product: &str) -> &'a mut HttpApi {
    let new = || HttpApi { id: id.to_owned(), product: product.to_owned(), routes: Vec::new() };
    model.http_apis.entry(id.to_owned()).or_insert_with(new)
}

/// The API called `id`. What only its resource says is still missing if a route comes first.
fn rest_api<'a>(model: &'a mut Model, id: &str, product: &str) -> &'a mut RestApi {
    let new = || RestApi {
        id: id.to_owned(),
        product: product.to_owned(),
        stage: String::new(),
        idle: EDGE_IDLE,
        routes: Vec::new(),
    };
    model.rest_apis.entry(id.to_owned()).or_insert_with(new)
}

/// The properties of a resource or of an event. Each is evaluated when it is asked for, so that what the local stack does not need may use
/// what it does not know.
#[derive(Clone, Copy)]
struct Properties<'a> {
    scope: &'a Scope<'a>,
    node: Option<&'a Node>,
    path: &'a Path<'a>,
}

impl<'a> Properties<'a> {
    fn new(scope: &'a Scope<'a>, holder: &'a Node, path: &'a Path<'a>) -> Self {
        Self { scope, node: holder.get("Properties"), path }
    }

    fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(node) = self.node.and_then(|properties| properties.get(name)) else { return Ok(None) };
        let path = self.path.key(name);
        let Some(value) = self.scope.evaluate(node, &path)? else { return Ok(None) };
        let parsed = serde_json::from_value(value);
        parsed.map(Some).map_err(|cause| self.scope.file.error(&path, Problem::Shape(cause.to_string())))
    }

    fn require<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        self.get(name)?.ok_or_else(|| self.scope.file.error(&self.path.key(name), Problem::Missing))
    }

    /// A whole number, which may come from a parameter and then is text.
    fn number(&self, name: &str) -> Result<Option<u64>, Error> {
        let Some(value) = self.get::<Value>(name)? else { return Ok(None) };
        let number = plain_text(&value).and_then(|text| text.parse().ok());
        let shape =
            || self.scope.file.error(&self.path.key(name), Problem::Shape("a whole number is expected".to_owned()));
        number.map(Some).ok_or_else(shape)
    }

    /// A route of a REST API.
    ///
    /// SAM knows one word for streaming and takes every other one, `STREAM` of CloudFormation included, for none: here that is an error.
    fn rest_route(&self, function: &str) -> Result<RestRoute, Error> {
        let mode: Option<String> = self.get("ResponseTransferMode")?;
        let streams = match mode.as_deref() {
            Some("RESPONSE_STREAM") => true,
            None | Some("BUFFERED") => false,
            Some(_) => {
                let problem = Problem::NotAllowed("BUFFERED or RESPONSE_STREAM".to_owned());
                return Err(self.scope.file.error(&self.path.key("ResponseTransferMode"), problem));
            }
        };
        let millis = self.number("TimeoutInMillis")?.unwrap_or(DEFAULT_REST_MILLIS);
        let most = if streams { MAX_STREAM_MILLIS } else { DEFAULT_REST_MILLIS };
        if millis > most {
            let problem = Problem::NotAllowed(format!("at most {most}"));
            return Err(self.scope.file.error(&self.path.key("TimeoutInMillis"), problem));
        }
        let route = HttpRoute {
            method: self.require::<String>("Method")?.to_ascii_uppercase(),
            path: self.require("Path")?,
            function: function.to_owned(),
            timeout: Duration::from_millis(millis),
        };
        Ok(RestRoute { route, streams })
    }

    fn environment(&self) -> Result<BTreeMap<String, String>, Error> {
        let Some(environment) = self.node.and_then(|properties| properties.get("Environment")) else {
            return Ok(BTreeMap::new());
        };
        let environment_path = self.path.key("Environment");
        let path = environment_path.key("Variables");
        let mut variables = BTreeMap::new();
        for (name, node) in environment.get("Variables").map(Node::entries).unwrap_or_default() {
            let path = path.key(name);
            if let Some(value) = self.scope.evaluate(node, &path)? {
                let shape = || self.scope.file.error(&path, Problem::Shape("a variable is a string".to_owned()));
                variables.insert(name.clone(), plain_text(&value).ok_or_else(shape)?);
            }
        }
        Ok(variables)
    }

    /// A mapping from the queue whose ARN is `queue`.
    fn mapping(&self, queue: &str, function: String) -> Result<Mapping, Error> {
        let responses: Vec<String> = self.get("FunctionResponseTypes")?.unwrap_or_default();
        let scaling: Option<Value> = self.get("ScalingConfig")?;
        let concurrency = scaling.and_then(|scaling| scaling.get("MaximumConcurrency").and_then(plain_text));
        let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Mapping {
            queue: queue.rsplit(':').next().unwrap_or(queue).to_owned(),
            function,
            batch_size: self.number("BatchSize")?.map_or(10, to_usize),
            window: Duration::from_secs(self.number("MaximumBatchingWindowInSeconds")?.unwrap_or(0)),
            reports_failures: responses.iter().any(|kind| kind == "ReportBatchItemFailures"),
            concurrency: concurrency.and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_CONCURRENCY),
        })
    }
}
