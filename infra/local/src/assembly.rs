//! Puts a stack together: engines first, then what the templates declare on top of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::console::{self, Console};
use crate::data::Store;
use crate::deployment::{ACCOUNT, Deployment, REGION};
use crate::engines::direct::Engines;
use crate::engines::dynamodb::Tables;
use crate::engines::s3::Buckets;
use crate::event_source::EventSource;
use crate::front_door::FrontDoor;
use crate::function::Function;
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
use crate::template::Template;
use crate::template::model::{self, Model};
use crate::uploads::Uploads;
use crate::{pollers, ports, sqs};

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

impl Listeners {
    async fn open(options: &StackOptions) -> Result<Self, StartError> {
        Ok(Self {
            dynamodb: ports::free("DynamoDB").await?,
            s3: ports::free("S3").await?,
            sqs: ports::free("SQS").await?,
            sandbox: options.ports.listen(ports::SANDBOX, "sandbox").await?,
            console: options.ports.listen(ports::CONSOLE, "start page").await?,
        })
    }
}

/// Functions by name.
pub(crate) type Functions = BTreeMap<String, Arc<Function>>;

pub(crate) async fn assemble(mut options: StackOptions) -> Result<Stack, StartError> {
    let store = Store::open(&options.data)?;
    let listeners = Listeners::open(&options).await?;
    let secrets = store.kept("secrets.json").map_or_else(|| Ok(Secrets::in_memory()), Secrets::open)?;
    let sandbox_key = secrets.get("sandbox", &SANDBOX_KEY)?;
    let template = match options.template.take() {
        Some(template) => template,
        None => Arc::new(Template::load(&options.root.join("template.yaml"))?),
    };
    let mut doors = front_doors(&options, &template).await?;

    let engine_tasks = Tasks::new();
    let tasks = Tasks::new();
    let stamp = Stamp { clock: Arc::clone(&options.clock), ids: Arc::clone(&options.ids) };
    let endpoints = Endpoints::of(&listeners);
    let table_engine = Tables::open(store.kept("dynamodb.sqlite").as_deref(), Arc::clone(&options.clock))?;
    let queues = open_queues(&options, &store, &endpoints)?;
    let sandbox = address(&listeners.sandbox);
    let sandbox_router = sandbox_router(&options, &sandbox_key, &doors);
    let mut deployment = Deployment {
        template,
        secrets,
        sandbox_key,
        parameters: std::mem::take(&mut options.parameters),
        product: options.product.take(),
        console: address(&listeners.console).port(),
        products: doors.iter().map(|(product, listener)| (product.clone(), public_url(listener))).collect(),
        stages: Vec::new(),
        engines: Engines {
            dynamodb: (endpoints.dynamodb.clone(), table_engine.clone()),
            sqs: (endpoints.sqs.clone(), queues.clone()),
        },
        endpoints,
        stamp: stamp.clone(),
        http_clients: options.http_clients.take(),
    };
    let mut model = deployment.evaluate()?;
    model.tables.iter().try_for_each(|table| table_engine.put(table))?;
    let buckets = Buckets::open(&store.objects(), &model.buckets)?;
    create_queues(&queues, &model).await?;

    let mut sockets = BTreeMap::new();
    for api in &model.socket_apis {
        let listener = ports::free("management of WebSocket connections").await?;
        deployment.stages.push((api.endpoint(REGION), format!("{}/{}", url(&listener), api.stage)));
        sockets.insert(api.id.clone(), listener);
    }
    let functions = deployment.functions(&mut model, &store, &options.functions_at)?;
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
        deployment,
        stamp,
        console: address(&console),
        sandbox,
        tasks,
        engine_tasks,
        _store: store,
    };
    serve(&stack.tasks, console, console::router(Console::of(&stack, &socket_apis)));
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

fn open_queues(options: &StackOptions, store: &Store, endpoints: &Endpoints) -> Result<sqs::Engine, StartError> {
    let clock = Arc::clone(&options.clock);
    let config = sqs::Config {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        base_url: endpoints.sqs.clone(),
        clock: Arc::new(move || clock.now()),
    };
    Ok(sqs::Engine::open(store.kept("sqs.sqlite").as_deref(), config)?)
}

async fn create_queues(engine: &sqs::Engine, model: &Model) -> Result<(), StartError> {
    for queue in &model.queues {
        let failed = |fault| StartError::Queue { queue: queue.name.clone(), fault };
        engine.put_queue(&queue.name, queue.attributes.clone()).await.map_err(failed)?;
    }
    Ok(())
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
    Some(Uploads { client: functions.get(&function.name)?.platform().aws.s3(), bucket })
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
