//! The templates, as checks: what CloudFormation and Lambda refuse only at a deploy, and what nobody misses until it is needed.
//!
//! `.ci/run templates` has tools that know every property of every resource; here is what only we can know.

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use domain::kernel::telemetry::Metric;
use quintet::secrets::Secrets;
use quintet::template::{Model, Surroundings, Template};
use serde_json::{Map, Value, json};

pub use self::tree::template;
use self::tree::{part, parts, reference, resources, section, whole};

const ROOT: &str = "template.yaml";
const PRODUCTS: [&str; 2] = ["infra/easy-writer.yaml", "infra/aggregator.yaml"];
const PARTS: [&str; 3] = ["infra/shared/front-door.yaml", "infra/shared/monitoring.yaml", "infra/shared/state.yaml"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What follows `!Ref`, or what comes before the dot of `!GetAtt`.
fn target(value: &Value) -> Option<&str> {
    let name = value.get("Ref").or_else(|| value.get("GetAtt"))?.as_str()?;
    Some(name.split('.').next().unwrap_or(name))
}

/// What a template asks for with these parameters.
fn evaluated(name: &str, parameters: &BTreeMap<String, String>) -> Model {
    let secrets = Secrets::in_memory();
    let surroundings = Surroundings {
        region: "eu-central-1",
        account: "000000000000",
        queues: "https://sqs.eu-central-1.amazonaws.com",
        secrets: &secrets,
    };
    let template = Template::load(&path(name)).expect("template");
    template.evaluate(&surroundings, parameters).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_root_declares_and_passes_what_products_take() {
    let root = template(ROOT);
    let declared = section(&root, "Parameters");
    let mut used = BTreeSet::new();
    for (name, application) in resources(&root, "AWS::Serverless::Application") {
        let location = application["Properties"]["Location"].as_str().expect("location");
        let product = template(location);
        let taken = section(&product, "Parameters");
        let passed = section(&application["Properties"], "Parameters");
        assert_eq!(passed.keys().collect::<BTreeSet<_>>(), taken.keys().collect(), "{name} is passed");
        for (parameter, value) in passed {
            let from = target(value).unwrap_or_else(|| panic!("{name}.{parameter} is not a parameter of {ROOT}"));
            assert_eq!(declared[from], taken[parameter], "{ROOT} and {location} differ in {from}");
            used.insert(from);
        }
    }
    assert_eq!(used, declared.keys().map(String::as_str).collect(), "parameters that no product gets");
}

#[test]
fn parts_of_products_get_what_they_take() {
    let mut used = BTreeSet::new();
    for name in PRODUCTS {
        for (id, application) in parts(&template(name)) {
            let part = part(&application);
            let (taken, passed) = (section(&part, "Parameters"), section(&application["Properties"], "Parameters"));
            for parameter in passed.keys() {
                assert!(taken.contains_key(parameter), "{name} passes {parameter} to {id}");
            }
            for (parameter, declaration) in taken {
                let has = passed.contains_key(parameter) || declaration.get("Default").is_some();
                assert!(has, "{name} does not pass {parameter} to {id}");
            }
            used.insert(format!("infra/{}", application["Properties"]["Location"].as_str().expect("location")));
        }
    }
    assert_eq!(used, PARTS.map(str::to_owned).into());
}

#[test]
fn every_parameter_is_described_and_has_a_default() {
    for name in PRODUCTS.into_iter().chain([ROOT]) {
        let template = template(name);
        for (parameter, declaration) in section(&template, "Parameters") {
            assert!(declaration["Description"].as_str().is_some_and(|it| it.len() > 10), "{name}: {parameter}");
            assert!(declaration.get("Default").is_some(), "{name}: {parameter} has no default");
        }
    }
}

#[test]
fn what_people_own_outlives_its_stack() {
    for name in PRODUCTS {
        let template = whole(name);
        for id in ["Table", "Bucket", "TokenKeys"] {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(template["Resources"][id][policy], "Retain", "{name}: {policy} of {id}");
            }
        }
        let table = &template["Resources"]["Table"]["Properties"];
        assert_eq!(table["DeletionProtectionEnabled"], true, "{name}");
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{name}");
    }
}

#[test]
fn a_product_can_be_deployed_alone() {
    let whole = evaluated(ROOT, &BTreeMap::new());
    for name in PRODUCTS {
        let alone = evaluated(name, &BTreeMap::new());
        let product = product(name);
        let functions = |model: &Model, product: &str| -> BTreeSet<String> {
            let of_product = model.functions.iter().filter(|function| function.product == product);
            of_product.map(|function| function.name.clone()).collect()
        };
        assert_eq!(functions(&alone, "quintet"), functions(&whole, product));
    }
}

#[test]
fn settings_of_environments_are_parameters_of_the_template() {
    let config = text("samconfig.toml");
    let environments = [(ROOT, "dev", "dev"), (ROOT, "staging", "staging"), (ROOT, "prod", "prod")];
    let alone =
        [("infra/easy-writer.yaml", "easy-writer-dev", "dev"), ("infra/aggregator.yaml", "aggregator-dev", "dev")];
    for (name, section, environment) in environments.into_iter().chain(alone) {
        let settings = config.split(&format!("[{section}.deploy.parameters]")).nth(1).expect("section");
        let global = config.split(&format!("[{section}.global.parameters]")).nth(1).expect("section");
        // SAM leaves loops alone unless it is told.
        assert!(global.split("\n\n").next().is_some_and(|it| it.contains("language_extensions = true")), "{section}");
        assert!(settings.lines().nth(1).is_some_and(|it| it.contains("CAPABILITY_AUTO_EXPAND")), "{section}");
        let list = settings.split("parameter_overrides = [").nth(1).and_then(|it| it.split("\n]").next());
        let lines = list.expect("list").lines().map(|line| line.trim().trim_end_matches(',').trim_matches('"'));
        let given: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let namespace = format!("Quintet/{environment}");
        let model = evaluated(name, &given);
        assert!(
            model.functions.iter().all(|function| function.environment["METRICS_NAMESPACE"] == namespace),
            "{section}"
        );
    }
}

#[test]
fn webhooks_stay_out_of_our_network_where_they_are_deployed() {
    for name in [ROOT, "infra/aggregator.yaml"] {
        let model = evaluated(name, &BTreeMap::new());
        let reaches = model.functions.iter().filter_map(|function| function.environment.get("WEBHOOK_ALLOW_PRIVATE"));
        assert_eq!(reaches.collect::<Vec<_>>(), ["false", "false"], "{name}");
    }
    assert!(!text("samconfig.toml").contains("WebhookAllowPrivate"));
}

#[test]
fn an_own_host_is_where_providers_find_the_product() {
    let given = |product: &str, pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let model = evaluated(product, &pairs.collect());
        let named = |variable: &str| -> BTreeSet<String> {
            model.functions.iter().filter_map(|function| function.environment.get(variable).cloned()).collect()
        };
        [named("PUBLIC_URL"), named("PAYMENT_NOTIFICATION_URL")]
    };
    let at =
        |host: &str| [[format!("https://{host}")], [format!("https://{host}/api/v1/payments/webhook")]].map(Into::into);
    for product in PRODUCTS {
        let public = ("PublicUrl", "https://d1.cloudfront.net");
        assert_eq!(given(product, &[public]), at("d1.cloudfront.net"), "{product}");
        assert_eq!(given(product, &[public, ("DomainName", "api.test")]), at("api.test"), "{product}");
    }
}

/// Resources that SAM makes of one, itself included: a function's role, permissions and rules, stages and integrations of gateways.
fn expanded(resource: &Value) -> usize {
    let properties = &resource["Properties"];
    match resource["Type"].as_str().expect("type") {
        "AWS::Serverless::Function" => {
            let events = properties["Events"].as_object();
            2 + events.map_or(0, |events| events.values().map(|it| 1 + usize::from(it["Type"] == "Schedule")).sum())
        }
        "AWS::Serverless::HttpApi" => 2,
        "AWS::Serverless::Api" => 3,
        "AWS::Serverless::WebSocketApi" => 3 + 3 * properties["Routes"].as_object().map_or(0, Map::len),
        _ => 1,
    }
}

#[test]
fn templates_stay_far_below_cloudformations_limits() {
    // "CloudFormation quotas": 500 resources, 200 parameters, 200 outputs, a body of 1 MB from S3; "Dynamic references": 60 of them.
    for name in PRODUCTS.into_iter().chain(PARTS).chain([ROOT]) {
        let template = template(name);
        let resources: usize = section(&template, "Resources").values().map(expanded).sum();
        assert!(resources < 300, "{name} makes {resources} resources");
        let parameters = section(&template, "Parameters").len();
        assert!(parameters < 180, "{name} has {parameters} parameters");
        assert!(section(&template, "Outputs").len() < 100, "{name} has too many outputs");
        let text = text(name);
        assert!(text.len() < 500_000, "{name} has {} bytes", text.len());
        let references = text.matches("{{resolve:").count();
        assert!(references < 50, "{name} has {references} dynamic references");
    }
}

/// Values that only a real deploy has: as long as they can be expected to be, each a bit longer than any seen.
const GIVEN: [(&str, usize); 26] = [
    // Two more servers, each with an address and a key.
    ("ChatVendors", 400),
    // Russian Trusted Root CA, 4096 bits.
    ("GigaChatRootCa", 2_100),
    ("OpenAiApiKey", 170),
    ("AnthropicApiKey", 120),
    ("GigaChatAuthorizationKey", 110),
    ("YandexGptApiKey", 50),
    ("YandexGptFolder", 24),
    ("YandexArtApiKey", 50),
    ("YandexArtFolder", 24),
    ("KandinskyApiKey", 40),
    ("KandinskySecretKey", 40),
    ("StabilityApiKey", 64),
    ("UnisenderApiKey", 64),
    ("GoogleClientId", 80),
    ("GoogleClientSecret", 40),
    ("YandexClientId", 40),
    ("YandexClientSecret", 40),
    ("YooKassaShopId", 12),
    ("YooKassaSecretKey", 64),
    ("RobokassaLogin", 32),
    ("RobokassaPassword1", 32),
    ("RobokassaPassword2", 32),
    ("CloudPaymentsPublicId", 40),
    ("CloudPaymentsApiSecret", 40),
    ("TBankTerminalKey", 20),
    ("TBankPassword", 24),
];

/// What AWS makes of a value that is shorter here: physical names have the stack's name and random letters in them, and secrets are longer
/// while they are changed.
fn on_aws(variable: &str, value: &str) -> usize {
    match variable {
        "TABLE_NAME" | "BUCKET_NAME" => 63,
        "SOCKET_ENDPOINT" => 64,
        "TOKEN_KEYS" => 2 * 64 + 1,
        "ORIGIN_SECRET" => 2 * 32 + 1,
        // A queue's name has at most 80 letters.
        name if name.ends_with("_QUEUE_URL") => 140,
        _ => value.len(),
    }
}

#[test]
fn variables_of_functions_fit_into_four_kilobytes() {
    for name in PRODUCTS {
        let given = GIVEN.map(|(parameter, length)| {
            let mut value = "x".repeat(length);
            if parameter == "GigaChatRootCa" {
                // Lines of 64 letters, as PEM has them.
                value =
                    value.as_bytes().chunks(64).map(|it| String::from_utf8_lossy(it)).collect::<Vec<_>>().join("\n");
            }
            (parameter.to_owned(), value)
        });
        let template = template(name);
        let declared = section(&template, "Parameters");
        let given: BTreeMap<_, _> = given.into_iter().filter(|(name, _)| declared.contains_key(name)).collect();
        for (parameter, declaration) in declared {
            let allowed_for = given.contains_key(parameter);
            assert!(declaration["NoEcho"] != true || allowed_for, "{name}: how long is {parameter}?");
        }
        let mut sizes = BTreeMap::new();
        for function in evaluated(name, &given).functions {
            let variables: BTreeMap<_, _> = function
                .environment
                .iter()
                .map(|(name, value)| {
                    (name, value.clone() + &"x".repeat(on_aws(name, value).saturating_sub(value.len())))
                })
                .collect();
            // Lambda counts them as JSON, line breaks as two letters.
            sizes.insert(function.name, serde_json::to_string(&variables).expect("JSON").len());
        }
        assert!(sizes.values().all(|size| *size <= 4_096), "{name}: {sizes:#?}");
    }
}

#[test]
fn policies_of_functions_fit_into_a_role() {
    for name in PRODUCTS {
        let template = template(name);
        for (function, resource) in resources(&template, "AWS::Serverless::Function") {
            let text = resource["Properties"]["Policies"].to_string();
            let policies = resource["Properties"]["Policies"].as_array().expect("policies");
            // A name becomes an ARN, which is longer; policies of AWS are attached, not part of this.
            let names =
                text.matches("\"GetAtt\"").count() + text.matches("${").count() + text.matches("\"Ref\"").count();
            let size = text.len() + 100 * names;
            assert!(!policies.is_empty() && size < 10_240, "{name}: policies of {function} have {size} letters");
        }
    }
}

#[test]
fn every_function_has_a_log_that_ends_and_is_traced() {
    for name in PRODUCTS {
        let template = whole(name);
        assert_eq!(template["Globals"]["Function"]["Tracing"], "Active");
        let mut logs = BTreeSet::new();
        for (function, resource) in resources(&template, "AWS::Serverless::Function") {
            let log = target(&resource["Properties"]["LoggingConfig"]["LogGroup"]);
            let log = log.unwrap_or_else(|| panic!("{function} has no log group of its own"));
            assert!(logs.insert(log.to_owned()), "{log} has two writers");
        }
        for (log, resource) in resources(&template, "AWS::Logs::LogGroup") {
            assert_eq!(resource["Properties"]["RetentionInDays"], json!({ "Ref": "LogRetentionDays" }), "{log}");
        }
        for log in logs {
            assert_eq!(template["Resources"][&log]["Type"], "AWS::Logs::LogGroup", "{log}");
        }
    }
}

/// The metric that an alarm looks at, and the resources or texts that its dimensions name.
///
/// Alarms look at one metric each: the emulator of the deployed tests knows no metric math.
fn metric(alarm: &Value) -> (&str, Vec<&str>) {
    let properties = &alarm["Properties"];
    let dimensions = properties["Dimensions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let values = dimensions.iter().filter_map(|it| target(&it["Value"]).or_else(|| it["Value"].as_str()));
    (properties["MetricName"].as_str().expect("metric"), values.collect())
}

/// Which resources some alarm watches by this metric.
fn watched(template: &Value, metric: &str) -> BTreeSet<String> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm").into_iter().map(|(_, alarm)| self::metric(alarm));
    alarms.filter(|(name, _)| *name == metric).flat_map(|(_, values)| values).map(str::to_owned).collect()
}

/// Whether a function answers requests.
fn serves(function: &Value) -> bool {
    let events = function["Properties"]["Events"].as_object();
    events.is_some_and(|events| events.values().any(|event| event["Type"] == "HttpApi" || event["Type"] == "Api"))
}

#[test]
fn every_function_is_watched() {
    for name in PRODUCTS {
        let template = whole(name);
        let functions: BTreeSet<_> =
            resources(&template, "AWS::Serverless::Function").into_iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(watched(&template, "Errors"), functions);
        let scheduled = |name: &&String| {
            let events = template["Resources"][name.as_str()]["Properties"]["Events"].as_object();
            events.is_some_and(|events| events.values().any(|event| event["Type"] == "Schedule"))
        };
        let silent = watched(&template, "Invocations");
        for cron in functions.iter().filter(scheduled) {
            // The check of the ledger is known by what it finds.
            let known = if cron == "LedgerCronFunction" {
                !watched(&template, "LedgerDifferences").is_empty()
            } else {
                silent.contains(cron)
            };
            assert!(known, "nobody notices when {cron} does not run");
        }
        // Who streams is watched by what it does beside its vendors.
        let slow: BTreeSet<_> =
            ["Latency", "OwnLatency"].iter().flat_map(|metric| watched(&template, metric)).collect();
        for function in &functions {
            let serves = serves(&template["Resources"][function]);
            let code = template["Resources"][function]["Properties"]["CodeUri"].as_str().expect("code");
            let folder = code.rsplit('/').next().expect("folder");
            assert_eq!(slow.contains(folder), serves, "latency of {function}");
        }
    }
}

#[test]
fn every_queue_of_a_worker_has_dead_letters_that_alarm() {
    for name in PRODUCTS {
        let template = whole(name);
        let lengths = watched(&template, "ApproximateNumberOfMessagesVisible");
        let ages = watched(&template, "ApproximateAgeOfOldestMessage");
        let mappings = resources(&template, "AWS::Lambda::EventSourceMapping");
        assert!(!mappings.is_empty());
        for (mapping, resource) in mappings {
            let properties = &resource["Properties"];
            assert_eq!(properties["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{mapping}");
            let queue = target(&properties["EventSourceArn"]).expect("queue");
            let redrive = &template["Resources"][queue]["Properties"]["RedrivePolicy"];
            let dead = target(&redrive["deadLetterTargetArn"]).unwrap_or_else(|| panic!("{queue} loses messages"));
            assert!(lengths.contains(dead), "nobody notices what lies in {dead}");
            assert!(ages.contains(queue), "nobody notices that {queue} is not read");
            let keeps = |queue: &str| template["Resources"][queue]["Properties"]["MessageRetentionPeriod"].as_u64();
            // The age of a message counts from when it was sent first.
            assert!(keeps(dead) > keeps(queue), "{dead} forgets too early");
        }
    }
}

/// Sections of the operations guide that tell what to do about an alarm.
const SECTIONS: [&str; 8] =
    ["Dead letters", "Errors", "Throttles", "Latency", "Stuck jobs", "Ledger", "Payments", "Vendors"];

#[test]
fn alarms_reach_people_and_say_what_to_do() {
    for name in PRODUCTS {
        let template = whole(name);
        let mut sections = BTreeSet::new();
        for (alarm, resource) in resources(&template, "AWS::CloudWatch::Alarm") {
            let properties = &resource["Properties"];
            assert_eq!(properties["AlarmActions"], json!([{ "Ref": "AlarmTopic" }]), "{alarm}");
            assert!(properties["TreatMissingData"].is_string(), "{alarm}: what does silence mean?");
            let description = &properties["AlarmDescription"];
            let description = description.as_str().or_else(|| description["Sub"][0].as_str()).unwrap_or_default();
            let section =
                description.split_once(" docs/operations.md, ").map(|(_, section)| section.trim_end_matches('.'));
            let known = section.and_then(|section| SECTIONS.into_iter().find(|known| *known == section));
            sections.insert(known.unwrap_or_else(|| panic!("{alarm} names no section: {description}")));
        }
        assert_eq!(sections, SECTIONS.into_iter().collect(), "sections without an alarm");
    }
    let guide = text("docs/operations.md");
    for section in SECTIONS {
        let heading = |line: &str| line.starts_with('#') && line.trim_start_matches('#').trim() == section;
        assert!(guide.lines().any(heading), "docs/operations.md has no section {section}");
    }
}

/// Names of the metrics that functions of every product print.
const PRINTED: [&str; 14] = [
    Metric::REQUESTS.as_str(),
    Metric::FAULTS.as_str(),
    Metric::CHARGED.as_str(),
    Metric::PAYMENTS_SUSPICIOUS.as_str(),
    Metric::REFUND_DEBTS.as_str(),
    Metric::LEDGER_ACCOUNTS.as_str(),
    Metric::LEDGER_DIFFERENCES.as_str(),
    "Latency",
    "OwnLatency",
    "ColdStarts",
    "InitLatency",
    "Refusals",
    "VendorLatency",
    "VendorFailures",
];

/// The same of one product's functions.
fn printed(product: &str) -> Vec<&'static str> {
    let own: &[&str] = match product {
        "aggregator" => &[Metric::CALLS_RELEASED.as_str(), Metric::CALLS_RETOLD.as_str(), "StreamDuration"],
        _ => &[Metric::JOBS_OVERDUE.as_str(), Metric::JOBS_GIVEN_UP.as_str()],
    };
    PRINTED.into_iter().chain(own.iter().copied()).collect()
}

fn product(name: &str) -> &str {
    name.trim_start_matches("infra/").trim_end_matches(".yaml")
}

#[test]
fn alarms_look_at_metrics_that_functions_print() {
    for name in PRODUCTS {
        let template = whole(name);
        let product = product(name);
        let mut seen = BTreeSet::new();
        for (alarm, resource) in resources(&template, "AWS::CloudWatch::Alarm") {
            let (metric, dimensions) = metric(resource);
            if dimensions.first().is_some_and(|it| *it == product) {
                assert!(printed(product).contains(&metric), "{alarm}: nobody prints {metric}");
                seen.insert(metric);
            }
        }
        assert!(seen.len() >= 6, "{name}: {seen:?}");
    }
}

/// A text and its lists of names, each joined to what is between them.
fn dashboard_body(sub: &Value) -> String {
    let lists = sub[1].as_object().expect("lists").iter();
    lists.fold(sub[0].as_str().expect("text").to_owned(), |text, (name, list)| {
        let (between, names) = (list["Join"][0].as_str().expect("text"), &list["Join"][1]["Join"][1]);
        let names: Vec<_> = names.as_array().expect("names").iter().filter_map(reference).collect();
        text.replace(&format!("${{{name}}}"), &names.join(between))
    })
}

#[test]
fn the_dashboard_shows_every_function_queue_and_metric() {
    for name in PRODUCTS {
        let template = whole(name);
        let printed = printed(product(name));
        let dashboards = resources(&template, "AWS::CloudWatch::Dashboard");
        let [(_, dashboard)] = dashboards.as_slice() else { panic!("{name} has {} dashboards", dashboards.len()) };
        let body = dashboard_body(&dashboard["Properties"]["DashboardBody"]["Sub"]);
        let document: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let widgets = document["widgets"].as_array().expect("widgets");
        let at = |widget: &Value, name: &str| widget[name].as_u64().expect("number");
        for (index, widget) in widgets.iter().enumerate() {
            assert!(at(widget, "x") + at(widget, "width") <= 24, "widget {index}");
            for other in &widgets[..index] {
                let apart = |start: &str, length: &str| {
                    at(widget, start) >= at(other, start) + at(other, length)
                        || at(other, start) >= at(widget, start) + at(widget, length)
                };
                assert!(apart("x", "width") || apart("y", "height"), "widget {index} lies on another");
            }
            for metric in widget["properties"]["metrics"].as_array().expect("metrics") {
                assert!(metric.is_array(), "{metric}");
                if metric[0] == "Quintet/${Environment}" {
                    assert!(printed.contains(&metric[1].as_str().expect("name")), "nobody prints {metric}");
                    assert_eq!((&metric[2], &metric[3]), (&json!("product"), &json!(product(name))), "{metric}");
                }
            }
        }
        for metric in printed {
            // How many accounts there are is for those who look at the log of the check.
            let shown = body.contains(&format!("\"{metric}\"")) || body.contains(&format!("\\\"{metric}\\\""));
            assert!(shown || metric == "LedgerAccounts", "{metric} is not shown");
        }
        for kind in ["AWS::Serverless::Function", "AWS::SQS::Queue"] {
            for (resource, _) in resources(&template, kind) {
                let shown =
                    body.contains(&format!("${{{resource}}}")) || body.contains(&format!("${{{resource}.QueueName}}"));
                assert!(shown, "{resource} is not shown");
            }
        }
    }
}

#[test]
fn who_is_behind_the_front_door_knows_its_secret_and_nobody_else() {
    for name in PRODUCTS {
        let template = whole(name);
        let mut serving = BTreeSet::new();
        for (function, resource) in resources(&template, "AWS::Serverless::Function") {
            let serves = serves(resource);
            let variables = &resource["Properties"]["Environment"]["Variables"];
            assert_eq!(variables["TRUSTED_PROXY"] == "cloudfront", serves, "{function}");
            assert_eq!(variables.get("ORIGIN_SECRET").is_some(), serves, "{function}");
            if serves {
                serving.insert(function);
            }
        }
        let product = self::template(name);
        let after = product["Resources"]["FrontDoor"]["DependsOn"].as_array().expect("list");
        let after = after.iter().filter_map(Value::as_str);
        assert_eq!(after.collect::<BTreeSet<_>>(), serving, "functions must know a secret before it is sent");
    }
}

#[test]
fn the_world_sees_uploads_and_nothing_else_of_the_bucket() {
    let template = template("infra/shared/front-door.yaml");
    let policies = resources(&template, "AWS::S3::BucketPolicy");
    let [(_, policy)] = policies.as_slice() else { panic!("{} policies", policies.len()) };
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array().expect("statements");
    for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
        assert_eq!(statement["Principal"], json!({ "Service": "cloudfront.amazonaws.com" }));
        let own = &statement["Condition"]["StringEquals"]["aws:SourceArn"]["Sub"];
        assert!(own.as_str().is_some_and(|arn| arn.ends_with("distribution/${Distribution}")), "{statement}");
        match statement["Action"].as_str() {
            Some("s3:GetObject") => {
                assert_eq!(statement["Resource"], json!({ "Sub": "arn:${AWS::Partition}:s3:::${Bucket}/uploads/*" }));
            }
            action => assert_eq!(action, Some("s3:ListBucket")),
        }
    }
}
