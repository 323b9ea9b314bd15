//! Evaluation, on small templates and on the repository's own.

use std::time::Duration;

use super::*;
use crate::schedule::Rate;
use crate::secrets::Secrets;

fn model_of(files: &[(&str, &str)], parameters: &[(&str, &str)]) -> Result<Model, Error> {
    let folder = tempfile::TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let template = Template::load(&folder.path().join(files[0].0))?;
    let secrets = Secrets::in_memory();
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    template.evaluate(&surroundings(&secrets), &parameters)
}

fn surroundings(secrets: &Secrets) -> Surroundings<'_> {
    Surroundings { region: "eu-central-1", account: "000000000000", queues: "http://127.0.0.1:9324", secrets }
}

/// The variables of one function in a template whose other sections are `sections`.
fn variables(sections: &str, variables: &str, parameters: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Error> {
    let indented = variables.lines().collect::<Vec<_>>().join("\n          ");
    let function = format!(
        "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Environment:\n        Variables:\n          {indented}\n"
    );
    let text = if sections.contains("Resources:") { sections.to_owned() } else { format!("{sections}\nResources:\n") };
    Ok(model_of(&[("t.yaml", &format!("{text}\n{function}"))], parameters)?.functions.swap_remove(0).environment)
}

fn problem(sections: &str, value: &str) -> String {
    let error = variables(sections, &format!("X: {value}"), &[]).unwrap_err();
    format!("{}: {}", error.path, error.problem)
}

#[test]
fn intrinsic_functions_give_what_cloudformation_gives() {
    let sections = "
Parameters:
  Name: { Type: String, Default: world }
  List: { Type: CommaDelimitedList, Default: 'a, b' }
Mappings:
  Sizes: { small: { memory: 128 } }
Conditions:
  IsWorld: !Equals [!Ref Name, world]
  IsNot: !Not [!Condition IsWorld]
  Both: !And [!Condition IsWorld, { Condition: IsNot }]
  Either: !Or [!Condition IsWorld, !Condition IsNot]
";
    let variables = variables(
        sections,
        "SUB: !Sub '${Name}-${AWS::Region}-${!literal}-${Extra}'
SUB_MAP: !Sub ['${Own}/${Name}', { Own: !Ref AWS::AccountId }]
JOIN: !Join ['+', !Ref List]
SELECT: !Select [1, !Split ['/', x/y/z]]
IF: !If [Both, yes, !If [Either, perhaps, no]]
MAP: !FindInMap [Sizes, small, memory]
GONE: !If [IsNot, here, !Ref AWS::NoValue]
NUMBER: 24
FLAG: true
LONG: { 'Fn::Join': ['', [{ Ref: Name }, '!']] }"
            .replace("-${Extra}", "")
            .as_str(),
        &[],
    )
    .unwrap();
    let expected = [
        ("FLAG", "true"),
        ("IF", "perhaps"),
        ("JOIN", "a+b"),
        ("LONG", "world!"),
        ("MAP", "128"),
        ("NUMBER", "24"),
        ("SELECT", "y"),
        ("SUB", "world-eu-central-1-${literal}"),
        ("SUB_MAP", "000000000000/world"),
    ];
    assert_eq!(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_supported_is_named_with_its_place() {
    let at = "Resources.F.Properties.Environment.Variables.X";
    assert_eq!(problem("", "!Ref Nothing"), format!("{at}: refers to Nothing, which does not exist"));
    assert_eq!(problem("", "!Sub 'a ${Nothing.Arn}'"), format!("{at}: refers to Nothing, which does not exist"));
    assert_eq!(
        problem("", "!ImportValue x"),
        format!("{at}: uses ImportValue, which the local stack does not support")
    );
    assert_eq!(
        problem("Resources:\n  Log: { Type: 'AWS::Logs::LogGroup' }", "!GetAtt Log.Arn"),
        format!("{at}: needs Log.Arn, which has no local counterpart")
    );
    assert_eq!(
        problem("", "'{{resolve:ssm:name}}'"),
        format!("{at}: uses the dynamic reference {{{{resolve:ssm:name}}}}, which the local stack does not support")
    );
    assert_eq!(problem("", "[1]"), format!("{at}: has the wrong shape: a variable is a string"));
    assert_eq!(
        problem("Resources:\n  Db: { Type: 'AWS::RDS::DBInstance' }", "x"),
        "Resources.Db: has the type AWS::RDS::DBInstance, which the local stack neither serves nor ignores"
    );
}

#[test]
fn parameters_are_checked_against_their_declarations() {
    let sections = "
Parameters:
  Size: { Type: Number, Default: 3, MinValue: 1, MaxValue: 9 }
  Colour: { Type: String, Default: red, AllowedValues: [red, blue] }
  Needed: { Type: String }
";
    let with = |given: &[(&str, &str)]| {
        variables(sections, "X: !Sub '${Size} ${Colour} ${Needed}'", given)
            .map_err(|error| format!("{}: {}", error.path, error.problem))
    };
    assert_eq!(with(&[("Needed", "it"), ("Size", "9")]).unwrap()["X"], "9 red it");
    assert_eq!(with(&[]).unwrap_err(), "Parameters.Needed: is missing");
    assert_eq!(with(&[("Needed", ""), ("Size", "10")]).unwrap_err(), "Parameters.Size: must be at most 9");
    assert_eq!(with(&[("Needed", ""), ("Colour", "pink")]).unwrap_err(), "Parameters.Colour: must be one of red, blue");
    assert_eq!(
        with(&[("Needed", ""), ("Typo", "x")]).unwrap_err(),
        "Parameters.Typo: is not a parameter of this template"
    );
}

#[test]
fn secrets_are_generated_once_and_resolved_by_reference() {
    let sections = "
Resources:
  Keys:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: { PasswordLength: 20, ExcludePunctuation: true }
  Login:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: { SecretStringTemplate: '{\"user\":\"app\"}', GenerateStringKey: password }
";
    let text = "A: !Sub '{{resolve:secretsmanager:${Keys}:SecretString}}'
B: !Sub 'x{{resolve:secretsmanager:Keys}}y'
USER: !Sub '{{resolve:secretsmanager:${Login}:SecretString:user}}'";
    let variables = variables(sections, text, &[]).unwrap();
    assert_eq!(variables["A"].len(), 20);
    assert_eq!(variables["B"], format!("x{}y", variables["A"]));
    assert_eq!(variables["USER"], "app");
}

#[test]
fn nested_templates_get_parameters_and_give_outputs() {
    let root = "
Parameters: { Who: { Type: String, Default: me } }
Resources:
  EasyReader:
    Type: AWS::Serverless::Application
    Properties:
      Location: nested/inner.yaml
      Parameters: { Name: !Ref Who }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { X: !GetAtt EasyReader.Outputs.Url } }
";
    let inner = "
Parameters: { Name: { Type: String } }
Resources:
  Inbox: { Type: 'AWS::SQS::Queue' }
  Files: { Type: 'AWS::S3::Bucket' }
  Skipped: { Type: 'AWS::SQS::Queue', Condition: Never }
Conditions: { Never: !Equals [a, b] }
Outputs: { Url: { Value: !Sub '${Name}@${Inbox}' } }
";
    let model = model_of(&[("root.yaml", root), ("nested/inner.yaml", inner)], &[("Who", "you")]).unwrap();
    assert_eq!(model.functions[0].environment["X"], "you@http://127.0.0.1:9324/000000000000/EasyReader-Inbox");
    assert_eq!(model.queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), ["EasyReader-Inbox"]);
    assert_eq!(model.queues[0].product, "easy-reader");
    assert_eq!(model.buckets[0].name, "easy-reader-files");
    let own = [("Who", "you"), ("EasyReader.Name", "it")];
    let model = model_of(&[("root.yaml", root), ("nested/inner.yaml", inner)], &own).unwrap();
    assert_eq!(model.functions[0].environment["X"], "it@http://127.0.0.1:9324/000000000000/EasyReader-Inbox");
    for unknown in ["EasyReader.Other", "Nobody.Name"] {
        let files = [("root.yaml", root), ("nested/inner.yaml", inner)];
        assert!(
            matches!(model_of(&files, &[(unknown, "x")]).unwrap_err().problem, Problem::UnknownParameter),
            "{unknown}"
        );
    }
}

#[test]
fn a_product_nests_parts_whose_resources_and_secrets_are_its_own() {
    let root = "
Resources:
  EasyReader: { Type: 'AWS::Serverless::Application', Properties: { Location: product.yaml } }
";
    let product = "
Resources:
  State: { Type: 'AWS::Serverless::Application', Properties: { Location: state.yaml } }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          TABLE: !GetAtt State.Outputs.Table
          KEYS: !Sub '{{resolve:secretsmanager:${State.Outputs.Keys}:SecretString}}'
";
    let state = "
Parameters: { Objects: { Type: String, Default: 'no' } }
Conditions: { HasBucket: !Equals [!Ref Objects, 'yes'] }
Resources:
  Table: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [] } }
  Bucket: { Type: 'AWS::S3::Bucket', Condition: HasBucket }
  Keys: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 20 } } }
Outputs:
  Table: { Value: !Ref Table }
  Keys: { Value: !Ref Keys }
  Bucket: { Condition: HasBucket, Value: !GetAtt Bucket.RegionalDomainName }
";
    let files = [("root.yaml", root), ("product.yaml", product), ("state.yaml", state)];
    let model = model_of(&files, &[]).unwrap();
    assert_eq!(model.functions[0].environment["TABLE"], "EasyReader-Table");
    assert_eq!(model.functions[0].environment["KEYS"].len(), 20);
    assert_eq!((model.tables[0].name.as_str(), model.tables[0].product.as_str()), ("EasyReader-Table", "easy-reader"));

    let wants_bucket = product.replace("Outputs.Table", "Outputs.Bucket");
    let error = model_of(&[files[0], ("product.yaml", &wants_bucket), files[2]], &[]).unwrap_err();
    assert!(matches!(&error.problem, Problem::UnknownName(name) if name == "State.Outputs.Bucket"), "{error}");
    let with_bucket = state.replace("'no'", "'yes'");
    let model = model_of(&[files[0], ("product.yaml", &wants_bucket), ("state.yaml", &with_bucket)], &[]).unwrap();
    assert_eq!(model.functions[0].environment["TABLE"], "easy-reader-bucket.s3.eu-central-1.amazonaws.com");
}

#[test]
fn loops_are_written_out_as_cloudformation_does() {
    let text = "
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Mappings: { Ages: { Mail: { Seconds: 60 }, a-b: { Seconds: 90 } } }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          Fn::ForEach::Urls:
            - Queue
            - [Mail, ab]
            - ${Queue}_URL: { Ref: !Sub '${Queue}Queue' }
          ARN: !GetAtt MailDead.Arn
  Fn::ForEach::Queues:
    - Queue
    - [Mail, a-b]
    - '&{Queue}Queue':
        Type: AWS::SQS::Queue
        Properties:
          VisibilityTimeout: !FindInMap [Ages, !Ref Queue, Seconds]
          QueueName: !Sub ['${Queue}-${AWS::Region}-${Extra}', { Extra: !Ref Queue }]
      Fn::ForEach::Inner:
        - Kind
        - [Dead]
        - '&{Queue}${Kind}': { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'not ${Queue}' } }
";
    let model = model_of(&[("t.yaml", text)], &[]).unwrap();
    let queue = |id: &str| model.queues.iter().find(|queue| queue.logical_id == id).unwrap();
    assert_eq!(queue("MailQueue").name, "Mail-eu-central-1-Mail");
    assert_eq!(
        (queue("abQueue").name.as_str(), &*queue("abQueue").attributes["VisibilityTimeout"]),
        ("a-b-eu-central-1-a-b", "90")
    );
    assert_eq!(queue("abDead").name, "not ${Queue}", "only Fn::Sub fills in");
    let variables = &model.functions[0].environment;
    assert!(
        variables["Mail_URL"].ends_with("/Mail-eu-central-1-Mail") && variables.contains_key("ab_URL"),
        "{variables:?}"
    );
    assert!(variables["ARN"].ends_with(":not ${Queue}"));
}

#[test]
fn a_loop_that_cannot_be_is_named_with_its_place() {
    let problem = |transform: &str, spec: &str| {
        let text = format!("{transform}\nResources:\n  A1: {{ Type: 'AWS::SQS::Queue' }}\n  Fn::ForEach::L: {spec}\n");
        let error = model_of(&[("t.yaml", &text)], &[]).unwrap_err();
        assert!(error.file.ends_with("t.yaml"));
        format!("{}: {}", error.path, error.problem)
    };
    let (declared, at) = ("Transform: AWS::LanguageExtensions", "Resources.Fn::ForEach::L");
    let queue = "{ Type: 'AWS::SQS::Queue' }";
    let expected = format!("{at}: calls ForEach with the wrong arguments: an identifier, a list of texts and a map");
    assert_eq!(problem(declared, "[X, [a]]"), expected);
    assert_eq!(problem(declared, &format!("[X, !Ref Names, {{ 'A${{X}}': {queue} }}]")), expected);
    assert_eq!(
        problem(declared, &format!("[X, [1], {{ 'A${{X}}': {queue} }}]")),
        expected,
        "numbers are written as texts"
    );
    assert_eq!(
        problem(declared, &format!("[X, ['1'], {{ 'A${{X}}': {queue} }}]")),
        format!("{at}: has the wrong shape: A1 is there already")
    );
    assert_eq!(
        problem("", &format!("[X, ['2'], {{ 'A${{X}}': {queue} }}]")),
        format!("{at}: has the wrong shape: a loop needs the transform AWS::LanguageExtensions")
    );
}

#[test]
fn events_become_routes_mappings_and_schedules() {
    let model = model_of(
        &[(
            "t.yaml",
            "
Globals: { Function: { Timeout: 7, Environment: { Variables: { A: global, B: global } } } }
Resources:
  Api: { Type: 'AWS::Serverless::HttpApi' }
  Inbox:
    Type: AWS::SQS::Queue
    Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }, VisibilityTimeout: 90 }
  Dead: { Type: 'AWS::SQS::Queue' }
  F:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: the-binary } }
    Properties:
      Environment: { Variables: { B: own } }
      Events:
        Get: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: get, Path: '/a/{id}', TimeoutInMillis: 5000 } }
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Inbox.Arn, BatchSize: 3 } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(2 minutes) } }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Dead.Arn
      FunctionName: !GetAtt F.Arn
      FunctionResponseTypes: [ReportBatchItemFailures]
      ScalingConfig: { MaximumConcurrency: 2 }
",
        )],
        &[],
    )
    .unwrap();
    let function = &model.functions[0];
    assert_eq!((function.name.as_str(), function.timeout), ("the-binary", Duration::from_secs(7)));
    assert_eq!((function.environment["A"].as_str(), function.environment["B"].as_str()), ("global", "own"));
    let route = &model.http_apis["api"].routes[0];
    assert_eq!((route.method.as_str(), route.path.as_str(), route.timeout.as_secs()), ("GET", "/a/{id}", 5));
    let mapping = |queue: &str, batch_size, reports_failures, concurrency| model::Mapping {
        queue: queue.to_owned(),
        function: "the-binary".to_owned(),
        batch_size,
        window: Duration::ZERO,
        reports_failures,
        concurrency,
    };
    assert_eq!(model.mappings, [mapping("Inbox", 3, false, 10), mapping("Dead", 10, true, 2)]);
    assert_eq!(model.schedules[0].rate, Rate::Every(Duration::from_mins(2)));
    assert_eq!(model.schedules[0].arn, "arn:aws:events:eu-central-1:000000000000:rule/quintet-FTick");
    let queues: Vec<_> = model.queues.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(queues, ["Dead", "Inbox"], "a dead-letter queue comes before the queue that names it");
    assert_eq!(model.queues[1].attributes["VisibilityTimeout"], "90");
    assert!(model.queues[1].attributes["RedrivePolicy"].contains("arn:aws:sqs:eu-central-1:000000000000:Dead"));
}

/// A template with a REST API, whose one route has `event` beside method, path and API.
fn rest_template(api: &str, event: &str) -> String {
    format!(
        "
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Chat:
          Type: Api
          Properties: {{ RestApiId: !Ref StreamApi, Method: post, Path: /chat, {event} }}
  StreamApi:
    Type: AWS::Serverless::Api
    Properties: {{ {api} }}
"
    )
}

#[test]
fn a_rest_api_has_routes_that_stream() {
    let api = |api: &str, event: &str| {
        let mut model = model_of(&[("t.yaml", &rest_template(api, event))], &[]).unwrap();
        model.rest_apis.remove("stream-api").unwrap()
    };
    let streaming = "ResponseTransferMode: RESPONSE_STREAM, TimeoutInMillis: 900000";
    let found = api("StageName: live, EndpointConfiguration: { Type: REGIONAL }", streaming);
    assert_eq!((found.stage.as_str(), found.product.as_str(), found.idle), ("live", "quintet", Duration::from_mins(5)));
    let [model::RestRoute { route, streams: true }] = found.routes.as_slice() else { panic!("{found:?}") };
    assert_eq!((route.method.as_str(), route.path.as_str(), route.function.as_str()), ("POST", "/chat", "F"));
    assert_eq!(route.timeout, Duration::from_mins(15));

    let found = api("StageName: live", "");
    assert_eq!((found.routes[0].streams, found.routes[0].route.timeout), (false, Duration::from_secs(29)));
    assert_eq!(found.idle, Duration::from_secs(30), "an API is edge-optimised unless it says otherwise");
    assert_eq!(api("StageName: live, EndpointConfiguration: REGIONAL", "").idle, Duration::from_mins(5));
}

#[test]
fn what_a_rest_api_cannot_have_is_named() {
    let problem = |api: &str, event: &str| {
        let error = model_of(&[("t.yaml", &rest_template(api, event))], &[]).unwrap_err();
        format!("{}: {}", error.path, error.problem)
    };
    let (api, event) = ("Resources.StreamApi.Properties", "Resources.F.Properties.Events.Chat.Properties");
    assert_eq!(
        problem("StageName: live", "ResponseTransferMode: STREAM"),
        format!("{event}.ResponseTransferMode: must be BUFFERED or RESPONSE_STREAM")
    );
    assert_eq!(
        problem("StageName: live", "TimeoutInMillis: 30000"),
        format!("{event}.TimeoutInMillis: must be at most 29000")
    );
    assert_eq!(
        problem("StageName: live", "ResponseTransferMode: RESPONSE_STREAM, TimeoutInMillis: 900001"),
        format!("{event}.TimeoutInMillis: must be at most 900000")
    );
    assert_eq!(problem("Name: x", ""), format!("{api}.StageName: is missing"));
    assert_eq!(
        problem("StageName: live, BinaryMediaTypes: ['*/*']", ""),
        format!(
            "{api}.BinaryMediaTypes: asks for an API that is more than routes to functions, which the local stack does not support"
        )
    );
}

#[test]
fn the_repositorys_own_templates_are_understood() {
    let secrets = Secrets::in_memory();
    let template = Template::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap();
    let model = template.evaluate(&surroundings(&secrets), &BTreeMap::new()).unwrap();
    let writer: Vec<_> = model.functions.iter().filter(|function| function.product == "easy-writer").collect();
    assert!(writer.iter().all(|function| function.environment["TABLE_NAME"] == "EasyWriter-Table"));
    let worker = writer.iter().find(|function| function.name == "easy-writer-generation-worker").unwrap();
    let socket = &model.socket_apis[0];
    assert_eq!(worker.environment["SOCKET_ENDPOINT"], socket.endpoint("eu-central-1"));
    for mapping in &model.mappings {
        let queue = model.queues.iter().find(|queue| queue.name == mapping.queue).unwrap();
        let function = model.functions.iter().find(|function| function.name == mapping.function).unwrap();
        let visibility: u64 = queue.attributes["VisibilityTimeout"].parse().unwrap();
        assert!(visibility >= 6 * function.timeout.as_secs(), "{} must hide messages for longer", queue.name);
        assert!(queue.attributes.contains_key("RedrivePolicy"), "{} has no dead-letter queue", queue.name);
        assert!(mapping.reports_failures, "{} loses failed messages", queue.name);
    }
}
