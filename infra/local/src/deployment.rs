//! What functions are deployed with: the templates, the parameters that were chosen, and where everything is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use edge::{Platform, Vars};
use store::Aws;

use crate::assembly::{Endpoints, Functions};
use crate::data::Store;
use crate::engines::direct::{self, Engines};
use crate::engines::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::function::{self, Function, Instance, Record};
use crate::gateway::stamp::Stamp;
use crate::options::{HttpClients, StartError};
use crate::secrets::Secrets;
use crate::settings::{self, Parameters};
use crate::template::model::{self, Model};
use crate::template::{Surroundings, Template};
use crate::variables::Variables;
use crate::{elsewhere, registry};

pub(crate) const REGION: &str = "eu-central-1";
pub(crate) const ACCOUNT: &str = "000000000000";

/// One stack's templates and all that they are evaluated with.
pub(crate) struct Deployment {
    pub(crate) template: Arc<Template>,
    pub(crate) secrets: Secrets,
    pub(crate) sandbox_key: String,
    /// Those that were chosen; the others are the local stack's or the template's own.
    pub(crate) parameters: Parameters,
    /// The only product, if there is just one.
    pub(crate) product: Option<String>,
    pub(crate) endpoints: Endpoints,
    /// The port of the start page.
    pub(crate) console: u16,
    /// Where browsers find products, by name.
    pub(crate) products: BTreeMap<String, String>,
    /// Where the stages of WebSocket APIs are on AWS, and where they are here.
    pub(crate) stages: Vec<(String, String)>,
    pub(crate) engines: Engines,
    pub(crate) stamp: Stamp,
    pub(crate) http_clients: Option<HttpClients>,
}

impl Deployment {
    /// What the templates ask for.
    pub(crate) fn evaluate(&self) -> Result<Model, StartError> {
        let around = settings::Surroundings {
            sandbox: &self.endpoints.sandbox,
            sandbox_key: &self.sandbox_key,
            console: self.console,
            products: &self.products,
        };
        let parameters = settings::resolve(&self.template.parameters().collect(), &around, &self.parameters);
        let (queues, secrets) = (self.endpoints.sqs.as_str(), &self.secrets);
        let surroundings = Surroundings { region: REGION, account: ACCOUNT, queues, secrets };
        let mut model = self.template.evaluate(&surroundings, &parameters)?;
        if let Some(product) = &self.product {
            keep(product, &mut model);
        }
        Ok(model)
    }

    /// Functions with the variables that Lambda would give them.
    pub(crate) fn functions(
        &self,
        model: &mut Model,
        store: &Store,
        functions_at: &BTreeMap<String, String>,
    ) -> Result<Functions, StartError> {
        let mut functions = Functions::new();
        let mut files = BTreeMap::<_, Variables>::new();
        let client = self.client();
        for function in &mut model.functions {
            let name = function.name.clone();
            let registration = registry::function(&name).ok_or_else(|| StartError::UnknownFunction(name.clone()))?;
            let variables = self.variables(function);
            files.entry(function.product.clone()).or_default().add(&variables);
            let instance = Instance::new(self.platform(&name, variables, &client)?);
            let model::Function { product, arn, timeout, memory, .. } = function;
            let function = Function {
                name: name.clone(),
                arn: arn.clone(),
                timeout: *timeout,
                memory: *memory,
                start: match functions_at.get(product) {
                    Some(address) => elsewhere::starter(address, &registration.binary()),
                    None => function::starter(registration.start),
                },
                instance: Mutex::new(instance),
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

    /// Gives the functions variables that follow from these parameters too.
    pub(crate) fn update(&mut self, parameters: Parameters, functions: &Functions) -> Result<(), StartError> {
        self.parameters.extend(parameters);
        let client = self.client();
        for mut declared in self.evaluate()?.functions {
            if let Some(function) = functions.get(&declared.name) {
                let variables = self.variables(&mut declared);
                function.replace(self.platform(&declared.name, variables, &client)?);
            }
        }
        Ok(())
    }

    /// A function's variables. Only addresses and credentials differ from AWS.
    fn variables(&self, function: &mut model::Function) -> BTreeMap<String, String> {
        let mut variables = std::mem::take(&mut function.environment);
        for value in variables.values_mut() {
            for (there, here) in &self.stages {
                *value = value.replace(there, here);
            }
        }
        let own = [
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.endpoints.dynamodb),
            ("AWS_ENDPOINT_URL_S3", &self.endpoints.s3),
            ("AWS_ENDPOINT_URL_SQS", &self.endpoints.sqs),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables
    }

    fn platform(
        &self,
        name: &str,
        mut variables: BTreeMap<String, String>,
        client: &SharedHttpClient,
    ) -> Result<Platform, StartError> {
        variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), name.to_owned());
        let vars: Vars = variables.into_iter().collect();
        let failed = |cause| StartError::Function { function: name.to_owned(), cause };
        let mut settings = edge::aws_settings(&vars).map_err(failed)?;
        settings.http_client = Some(match &self.http_clients {
            Some(wrapped) => wrapped(name, client.clone()),
            None => client.clone(),
        });
        let Stamp { clock, ids } = self.stamp.clone();
        Ok(Platform { vars, clock, ids, aws: Aws::new(settings) })
    }

    fn client(&self) -> SharedHttpClient {
        direct::client(self.engines.clone(), plain_http())
    }
}

/// What is on this machine speaks plain HTTP, and a client that could speak TLS too loads the machine's certificates first.
fn plain_http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// Leaves one product.
fn keep(product: &str, model: &mut Model) {
    model.functions.retain(|it| it.product == product);
    model.http_apis.retain(|_, it| it.product == product);
    model.rest_apis.retain(|_, it| it.product == product);
    model.socket_apis.retain(|it| it.product == product);
    model.queues.retain(|it| it.product == product);
    model.tables.retain(|it| it.product == product);
    model.buckets.retain(|it| it.product == product);
    let functions: BTreeSet<_> = model.functions.iter().map(|it| it.name.as_str()).collect();
    model.mappings.retain(|it| functions.contains(it.function.as_str()));
    model.schedules.retain(|it| functions.contains(it.function.as_str()));
}
