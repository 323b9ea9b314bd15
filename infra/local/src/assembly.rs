//! Puts a stack together: engines first, then what the templates declare on top of them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use edge::{Platform, Vars};
use store::Aws;
use tokio::net::TcpListener;

use crate::console::{self, Console};
use crate::data::Store;
use crate::engines::direct::{self, Engines};
use crate::engines::dynamodb::Tables;
use crate::engines::s3::Buckets;
use crate::engines::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::event_source::EventSource;
use crate::front_door::FrontDoor;
use crate::function::{self, Function, Record};
use crate::gateway::http_api::{HttpApi, Target};
use crate::gateway::rest_api::{self, RestApi};
use crate::gateway::routes::Route;
use crate::gateway::socket_api::SocketApi;
use crate::gateway::socket_management;
use crate::gateway::stamp::Stamp;
use crate::options::{StackOptions, StartError};
use crate::secrets::{Recipe, Secrets};
use crate::serve::serve;
use crate::settings;
use crate::stack::{Front, Stack};
use crate::tasks::Tasks;
use crate::template::model::{self, Model};
use crate::template::{Surroundings, Template};
use crate::uploads::Uploads;
use crate::variables::Variables;
use crate::{elsewhere, pollers, ports, registry, sqs};

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "000000000000";

/// The sandbox's key is as long as vendors' keys are.
const SANDBOX_KEY: Recipe = Recipe { length: 48, punctuation: false, inside: None };

/// The listeners that must exist before the templates can be evaluated, because their addresses are part of what the templates say.
struct Listeners {
    dynamodb: TcpListener,
    s3: TcpListener,
    sqs: TcpListener,
    sandbox: TcpListener,
    console: TcpListener,
}

/// Functions by name.
type Functions = BTreeMap<String, Arc<Function>>;

pub(crate) async fn assemble(options: StackOptions) -> Result<Stack, StartError> {
    let store = Store::open(&options.data)?;
    let listeners = Listeners {
        dynamodb: ports::free("DynamoDB").await?,
        s3: ports::free("S3").await?,
        sqs: ports::free("SQS").await?,
        sandbox: options.ports.listen(ports::SANDBOX, "sandbox").await?,
        console: options.ports.listen(ports::CONSOLE, "start page").await?,
    };
    let secrets = store.kept("secrets.json").map_or_else(|| Ok(Secrets::in_memory()), Secrets::open)?;
    let sandbox_key = secrets.get("sandbox", &SANDBOX_KEY)?;
    let template = Template::load(&options.root.join("template.yaml"))?;
    let mut doors = front_doors(&options, &template).await?;
    let mut model = evaluate(&options, &template, &listeners, &doors, &secrets, &sandbox_key)?;

    let engine_tasks = Tasks::new();
    let tasks = Tasks::new();
    let stamp = Stamp { clock: Arc::clone(&options.clock), ids: Arc::clone(&options.ids) };
    let table_engine = open_tables(&options, &store, &model)?;
    let buckets = Buckets::open(&store.objects(), &model.buckets)?;
    let queues = open_queues(&options, &store, &listeners, &model).await?;
    let endpoints = Endpoints::of(&listeners);
    let sandbox = address(&listeners.sandbox);
    let sandbox_router = sandbox_router(&options, &sandbox_key, &doors);

    let mut sockets = BTreeMap::new();
    for api in &model.socket_apis {
        sockets.insert(api.id.clone(), ports::free("management of WebSocket connections").await?);
    }
    let engines = Engines {
        dynamodb: (endpoints.dynamodb.clone(), table_engine.clone()),
        sqs: (endpoints.sqs.clone(), queues.clone()),
    };
    let functions = build_functions(&options, &endpoints, &engines, &sockets, &mut model, &store)?;
    let socket_apis = serve_sockets(&options, &model, sockets, &functions, &stamp, &tasks, &engine_tasks);
    let mut fronts = BTreeMap::new();
    for product in model.functions.iter().map(|function| function.product.as_str()).collect::<BTreeSet<_>>() {
        let door = FrontDoor {
            api: http_api(&model, product, &functions, &stamp),
            rest: rest_api(&model, product, &functions, &stamp),
            sockets: socket_apis.get(product).cloned(),
            uploads: uploads(&model, product, &functions),
        };
        let listener = match doors.remove(product) {
            Some(listener) => listener,
            None => options.ports.product(product).await?,
        };
        fronts.insert(product.to_owned(), open_front(listener, door, &tasks));
    }

    let Listeners { dynamodb, s3, sqs, sandbox: sandbox_listener, console } = listeners;
    engine_tasks.spawn(table_engine.clone().serve(dynamodb, engine_tasks.stopped()));
    serve(&engine_tasks, s3, buckets.router());
    serve(&engine_tasks, sqs, queues.router());
    serve(&engine_tasks, sandbox_listener, sandbox_router);

    let sources = event_sources(&model, &functions, &queues);
    let stack = Stack {
        fronts,
        functions,
        sources,
        schedules: model.schedules,
        queues: model.queues,
        engine: queues,
        tables: model.tables,
        table_engine,
        buckets: model.buckets,
        stamp,
        console: address(&console),
        sandbox,
        tasks,
        engine_tasks,
        _store: store,
    };
    serve(&stack.tasks, console, console::router(Console::of(&stack, &endpoints, &socket_apis)));
    if options.preload {
        stack.functions.values().try_for_each(|function| {
            function.start().map_err(|cause| StartError::Function { function: function.name.clone(), cause })
        })?;
    }
    if options.pollers {
        pollers::start(&stack);
    }
    Ok(stack)
}

/// Where the engines are.
pub(crate) struct Endpoints {
    pub(crate) dynamodb: String,
    pub(crate) s3: String,
    pub(crate) sqs: String,
    pub(crate) sandbox: String,
}

impl Endpoints {
    fn of(listeners: &Listeners) -> Self {
        let Listeners { dynamodb, s3, sqs, sandbox, .. } = listeners;
        Self { dynamodb: url(dynamodb), s3: url(s3), sqs: url(sqs), sandbox: url(sandbox) }
    }
}

/// The front doors of the products that are told where they are: these must be open before the templates can be evaluated.
async fn front_doors(options: &StackOptions, template: &Template) -> Result<BTreeMap<String, TcpListener>, StartError> {
    let mut doors = BTreeMap::new();
    for (_, product) in settings::products(template.parameters()) {
        let listener = options.ports.product(&product).await?;
        doors.insert(product, listener);
    }
    Ok(doors)
}

/// Where people and their browsers find what listens there. Cookies belong to this host, whatever the port.
fn public_url(listener: &TcpListener) -> String {
    format!("http://localhost:{}", address(listener).port())
}

fn evaluate(
    options: &StackOptions,
    template: &Template,
    listeners: &Listeners,
    doors: &BTreeMap<String, TcpListener>,
    secrets: &Secrets,
    sandbox_key: &str,
) -> Result<Model, StartError> {
    let products = doors.iter().map(|(product, listener)| (product.clone(), public_url(listener))).collect();
    let around = settings::Surroundings {
        sandbox: &url(&listeners.sandbox),
        sandbox_key,
        console: address(&listeners.console).port(),
        products: &products,
    };
    let parameters = settings::resolve(&template.parameters().collect(), &around, &options.parameters);
    let surroundings = Surroundings { region: REGION, account: ACCOUNT, queues: &url(&listeners.sqs), secrets };
    Ok(template.evaluate(&surroundings, &parameters)?)
}

fn open_tables(options: &StackOptions, store: &Store, model: &Model) -> Result<Tables, StartError> {
    let tables = Tables::open(store.kept("dynamodb.sqlite").as_deref(), Arc::clone(&options.clock))?;
    model.tables.iter().try_for_each(|table| tables.put(table))?;
    Ok(tables)
}

async fn open_queues(
    options: &StackOptions,
    store: &Store,
    listeners: &Listeners,
    model: &Model,
) -> Result<sqs::Engine, StartError> {
    let clock = Arc::clone(&options.clock);
    let config = sqs::Config {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        base_url: url(&listeners.sqs),
        clock: Arc::new(move || clock.now()),
    };
    let engine = sqs::Engine::open(store.kept("sqs.sqlite").as_deref(), config)?;
    for queue in &model.queues {
        let failed = |fault| StartError::Queue { queue: queue.name.clone(), fault };
        engine.put_queue(&queue.name, queue.attributes.clone()).await.map_err(failed)?;
    }
    Ok(engine)
}

/// Functions with the variables that Lambda would give them. Only addresses differ from AWS.
fn build_functions(
    options: &StackOptions,
    endpoints: &Endpoints,
    engines: &Engines,
    sockets: &BTreeMap<String, TcpListener>,
    model: &mut Model,
    store: &Store,
) -> Result<Functions, StartError> {
    let stages = model.socket_apis.iter().filter_map(|api| {
        let listener = sockets.get(&api.id)?;
        Some((api.endpoint(REGION), format!("{}/{}", url(listener), api.stage)))
    });
    let stages: Vec<_> = stages.collect();
    let aws_client = OnceCell::new();
    let mut functions = Functions::new();
    let mut files = BTreeMap::<_, Variables>::new();
    for function in &mut model.functions {
        let name = function.name.clone();
        let registration = registry::function(&name).ok_or_else(|| StartError::UnknownFunction(name.clone()))?;
        let mut variables = std::mem::take(&mut function.environment);
        for value in variables.values_mut() {
            for (there, here) in &stages {
                *value = value.replace(there, here);
            }
        }
        let own = [
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_ENDPOINT_URL_DYNAMODB", &endpoints.dynamodb),
            ("AWS_ENDPOINT_URL_S3", &endpoints.s3),
            ("AWS_ENDPOINT_URL_SQS", &endpoints.sqs),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        files.entry(function.product.clone()).or_default().add(&variables);
        variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), name.clone());
        let vars: Vars = variables.into_iter().collect();
        let failed = |cause| StartError::Function { function: name.clone(), cause };
        let mut settings = edge::aws_settings(&vars).map_err(failed)?;
        settings.http_client = Some(match &options.http_clients {
            Some(client_of) => client_of(&name),
            None => aws_client.get_or_init(|| direct::client(engines.clone(), plain_http())).clone(),
        });
        let platform = Platform {
            vars,
            clock: Arc::clone(&options.clock),
            ids: Arc::clone(&options.ids),
            aws: Aws::new(settings),
        };
        let model::Function { arn, timeout, memory, .. } = function;
        let function = Function {
            name: name.clone(),
            arn: arn.clone(),
            timeout: *timeout,
            memory: *memory,
            platform,
            start: match &options.functions_at {
                Some(address) => elsewhere::starter(address, &registration.binary()),
                None => function::starter(registration.start),
            },
            handler: OnceLock::new(),
            record: Record::default(),
        };
        functions.insert(name, Arc::new(function));
    }
    for (product, variables) in files {
        let Some(path) = store.kept(&format!("{product}.env")) else { continue };
        variables.write(&path).map_err(|cause| StartError::Data { path, cause })?;
    }
    Ok(functions)
}

/// What is on this machine speaks plain HTTP, and a client that could speak TLS too loads the machine's certificates first.
fn plain_http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// WebSocket APIs by product, their management endpoints served.
fn serve_sockets(
    options: &StackOptions,
    model: &Model,
    mut listeners: BTreeMap<String, TcpListener>,
    functions: &Functions,
    stamp: &Stamp,
    tasks: &Tasks,
    engine_tasks: &Tasks,
) -> BTreeMap<String, Arc<SocketApi>> {
    let mut apis = BTreeMap::new();
    for api in &model.socket_apis {
        let routes = api.routes.iter().filter_map(|(key, name)| Some((key.clone(), Arc::clone(functions.get(name)?))));
        let served = Arc::new(SocketApi {
            id: api.id.clone(),
            stage: api.stage.clone(),
            routes: routes.collect(),
            stamp: stamp.clone(),
            limits: options.socket_limits,
            tasks: tasks.clone(),
            connections: std::sync::Mutex::default(),
        });
        if let Some(listener) = listeners.remove(&api.id) {
            serve(engine_tasks, listener, socket_management::router(Arc::clone(&served)));
        }
        apis.insert(api.product.clone(), served);
    }
    apis
}

fn http_api(model: &Model, product: &str, functions: &Functions, stamp: &Stamp) -> Option<Arc<HttpApi>> {
    let api = model.http_apis.values().find(|api| api.product == product)?;
    let routes = api.routes.iter().filter_map(|route| {
        let target = Target { function: Arc::clone(functions.get(&route.function)?), timeout: route.timeout };
        Some(Route::new(&route.method, &route.path, target))
    });
    let routes = routes.collect();
    Some(Arc::new(HttpApi { id: api.id.clone(), account: ACCOUNT.to_owned(), stamp: stamp.clone(), routes }))
}

fn rest_api(model: &Model, product: &str, functions: &Functions, stamp: &Stamp) -> Option<Arc<RestApi>> {
    let api = model.rest_apis.values().find(|api| api.product == product)?;
    let routes = api.routes.iter().filter_map(|model::RestRoute { route, streams }| {
        let function = Arc::clone(functions.get(&route.function)?);
        let target = rest_api::Target { function, timeout: route.timeout, streams: *streams };
        Some(Route::new(&route.method, &route.path, target))
    });
    Some(Arc::new(RestApi {
        id: api.id.clone(),
        account: ACCOUNT.to_owned(),
        stage: api.stage.clone(),
        idle: api.idle,
        stamp: stamp.clone(),
        routes: routes.collect(),
    }))
}

fn open_front(listener: TcpListener, door: FrontDoor, tasks: &Tasks) -> Front {
    let front = Front { door: Arc::new(door), address: address(&listener) };
    serve(tasks, listener, front.door.router());
    front
}

/// Uploads are in the product's bucket; any of the product's functions knows how to reach it.
fn uploads(model: &Model, product: &str, functions: &Functions) -> Option<Uploads> {
    let bucket = model.buckets.iter().find(|bucket| bucket.product == product)?.name.clone();
    let function = model.functions.iter().find(|function| function.product == product)?;
    Some(Uploads { client: functions.get(&function.name)?.platform.aws.s3(), bucket })
}

fn event_sources(model: &Model, functions: &Functions, queues: &sqs::Engine) -> Vec<Arc<EventSource>> {
    let sources = model.mappings.iter().filter_map(|mapping| {
        let function = Arc::clone(functions.get(&mapping.function)?);
        Some(EventSource { mapping: mapping.clone(), function, queues: queues.clone(), region: REGION.to_owned() })
    });
    sources.map(Arc::new).collect()
}

fn sandbox_router(options: &StackOptions, api_key: &str, doors: &BTreeMap<String, TcpListener>) -> axum::Router {
    let clock = Arc::clone(&options.clock);
    let sandbox = sandbox::Options::new(api_key, options.sandbox_pace, Arc::new(move || clock.now().as_second()));
    for shop in &sandbox.shops {
        if let Some(door) = doors.get(&shop.shop) {
            // Nobody has set it before.
            let _ = shop.webhook.set(format!("{}{}", public_url(door), settings::NOTICES_PATH));
        }
    }
    sandbox::router(sandbox)
}

fn address(listener: &TcpListener) -> SocketAddr {
    // A bound listener has an address; the fallback only spares every caller an error that cannot happen.
    listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)))
}

fn url(listener: &TcpListener) -> String {
    format!("http://{}", address(listener))
}
