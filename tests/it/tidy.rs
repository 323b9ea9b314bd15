//! The shape of the repository, as checks: what ARCHITECTURE.md promises and a compiler does not hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use edge::Registration;
use quintet::registry;
use utoipa::openapi::OpenApi;

use crate::templates::template;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of a kind below a folder of the repository, as path and text.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(root()).expect("inside").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

fn source() -> Vec<(String, String)> {
    ["functions", "shared", "infra", "tests"].iter().flat_map(|folder| files(folder, "rs")).collect()
}

#[test]
fn every_module_says_what_it_is() {
    for (name, text) in source() {
        assert!(text.starts_with("//!"), "{name} does not start with //!");
    }
}

#[test]
fn every_package_takes_the_workspaces_lints() {
    for folder in ["functions", "shared", "infra", "tests"] {
        for (name, text) in files(folder, "toml").into_iter().filter(|(name, _)| name.ends_with("Cargo.toml")) {
            assert!(text.contains("[lints]\nworkspace = true"), "{name}");
            let version = text.lines().find(|line| line.contains("version =") && !line.contains("version.workspace"));
            assert!(version.is_none(), "{name}: versions belong into the root manifest: {version:?}");
        }
    }
}

/// Our own crates that a manifest depends on, tests aside.
fn own_dependencies(manifest: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("manifest");
    let section = text.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    let own = ["domain", "store", "edge", "vendors", "documents", "quintet", "sandbox"];
    names
        .filter(|name| own.contains(name) || name.starts_with("easy-writer-") || name.starts_with("aggregator-"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let allowed = |manifest: &str, names: &[&str]| {
        for name in own_dependencies(manifest) {
            assert!(names.contains(&name.as_str()), "{manifest} must not depend on {name}");
        }
    };
    allowed("shared/store/Cargo.toml", &[]);
    allowed("shared/domain/Cargo.toml", &["store"]);
    allowed("shared/vendors/Cargo.toml", &["domain"]);
    allowed("shared/edge/Cargo.toml", &["domain", "store"]);
    allowed("shared/pictures/Cargo.toml", &[]);
    allowed("infra/local/sandbox/Cargo.toml", &[]);
    for (name, _) in files("functions", "toml") {
        allowed(&name, &["domain", "edge", "vendors", "pictures", "documents", "store"]);
    }
}

#[test]
fn inside_the_domain_contexts_know_no_product_and_only_items_spell_keys() {
    let products = ["easy_writer", "aggregator"];
    for (name, text) in files("shared/domain/src", "rs") {
        let module = name.trim_start_matches("shared/domain/src/");
        for product in products {
            let knows = text.contains(&format!("crate::{product}"));
            assert!(module.starts_with(product) || !knows, "{name} knows the product {product}");
        }
        let spells = text.match_indices("Key::new(").any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric));
        assert!(!spells || module.ends_with("items.rs"), "{name} spells a key");
        for outside in ["axum", "lambda_", "reqwest", "aws_sdk", "http::"] {
            let used = text.lines().any(|line| line.trim_start().starts_with("use ") && line.contains(outside));
            assert!(!used, "{name} uses {outside}");
        }
    }
}

#[test]
fn only_the_check_of_the_ledger_walks_whole_tables() {
    let product = ["functions", "shared"].iter().flat_map(|folder| files(folder, "rs"));
    let callers = product.filter(|(_, text)| text.contains("Scan::partitions(") || text.contains("table.scan"));
    let names: Vec<_> = callers.map(|(name, _)| name).collect();
    assert_eq!(names, ["shared/domain/src/ledger/check.rs"]);
}

#[test]
fn endpoint_files_stay_small_and_handlers_stay_thin() {
    for (name, text) in files("functions", "rs") {
        let product_code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = product_code.lines().count();
        let budget = if name.ends_with("main.rs") { 20 } else { 200 };
        assert!(lines <= budget, "{name} has {lines} lines, {budget} at most");
        for word in
            ["env::var", "aws_sdk", "Timestamp::now", "StatusCode", "axum::Json", "extract::Path", "extract::Query"]
        {
            assert!(!product_code.contains(word), "{name} has {word}: that belongs into a shared crate");
        }
    }
}

/// Method and path of each row of the table that opens a function's library.
fn table(product: &str, group: &str) -> BTreeSet<(String, String)> {
    let path = root().join(format!("functions/{product}/{group}/src/lib.rs"));
    let text = fs::read_to_string(path).expect("library");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = rows.filter_map(|row| {
        let mut cells = row.split(" | ");
        // What is under another path too has both in one cell, the product's own first.
        let (method, paths) = (cells.next()?, cells.next()?);
        Some((method.to_owned(), paths.split(", ").next()?.trim_matches('`').to_owned()))
    });
    cells.filter(|(method, path)| method.chars().all(char::is_uppercase) && path.starts_with('/')).collect()
}

fn routes(api: OpenApi) -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(api).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let of_path = |(path, methods): (String, serde_json::Value)| {
        let methods: Vec<_> =
            methods.as_object().expect("methods").keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(move |method| (method, path.clone()))
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[test]
fn tables_routers_and_template_agree() {
    for product in registry::PRODUCTS {
        let template = template(&format!("infra/{}.yaml", product.name));
        for (function, api) in endpoint_groups(product.name) {
            let (product, group) = (product.name, function.name);
            let routes = routes(api);
            assert_eq!(table(product, group), routes, "the table in functions/{product}/{group}/src/lib.rs");
            let served = paths(&template, &format!("../functions/{product}/{group}"));
            for (_, path) in routes {
                let found = served.iter().any(|route| match route.strip_suffix("{proxy+}") {
                    Some(before) => path.len() > before.len() && path.starts_with(before),
                    None => path == *route,
                });
                assert!(found, "infra/{product}.yaml sends {path} not to {group}");
            }
        }
    }
}

/// The functions of a product that have endpoints, and those.
fn endpoint_groups(product: &str) -> impl Iterator<Item = (&'static Registration, OpenApi)> {
    registry::functions(product).filter_map(|function| Some((function, function.api?())))
}

#[test]
fn the_registry_has_every_function() {
    let packages: BTreeSet<_> = files("functions", "toml")
        .into_iter()
        .map(|(_, manifest)| manifest.lines().find_map(|line| line.strip_prefix("name = ")).expect("name").to_owned())
        .collect();
    let registered = registry::FUNCTIONS.iter().map(|function| format!("\"{}\"", function.binary()));
    assert_eq!(registered.collect::<BTreeSet<_>>(), packages);
}

/// The paths that lead to the function whose code is in this folder.
fn paths(template: &serde_json::Value, code: &str) -> Vec<String> {
    let resources = template["Resources"].as_object().expect("resources").values();
    let functions = resources.filter(|resource| resource["Properties"]["CodeUri"] == code);
    let events =
        functions.filter_map(|function| function["Properties"]["Events"].as_object()).flat_map(|it| it.values());
    events.filter_map(|event| event["Properties"]["Path"].as_str()).map(str::to_owned).collect()
}

#[test]
fn every_endpoint_has_tests_under_its_url() {
    for (product, (function, _)) in
        registry::PRODUCTS.iter().flat_map(|it| endpoint_groups(it.name).map(move |group| (it.name, group)))
    {
        let (group, folder) = (function.name, product.replace('-', "_"));
        for (name, text) in files(&format!("functions/{product}/{group}/src"), "rs") {
            if text.contains("#[utoipa::path(") {
                let file = Path::new(&name).file_name().expect("name").to_string_lossy().into_owned();
                let test = format!("tests/it/routes/{folder}/{group}/{file}");
                assert!(root().join(&test).exists(), "{name} has no tests at {test}");
            }
        }
    }
}

/// Nobody misses a file of tests that no module list has: it is just not run.
#[test]
fn every_file_of_tests_is_part_of_its_module() {
    for (name, _) in files("tests/it", "rs") {
        let path = Path::new(&name);
        let (folder, stem) = (path.parent().expect("a folder"), path.file_stem().expect("a name").to_string_lossy());
        let (owner, module) = match &*stem {
            "main" => continue,
            "mod" => (folder.parent().expect("a folder"), folder.file_name().expect("a name").to_string_lossy()),
            _ => (folder, stem),
        };
        let owners = [owner.join("main.rs"), owner.join("mod.rs"), owner.with_extension("rs")];
        let listed = |owner: &PathBuf| {
            let text = fs::read_to_string(root().join(owner)).unwrap_or_default();
            text.lines().any(|line| line.trim_end().ends_with(&format!("mod {module};")))
        };
        assert!(owners.iter().any(listed), "{name} is not in the list of modules above it");
    }
}

#[test]
fn every_queue_has_a_dead_letter_queue_and_reports_item_failures() {
    for product in ["easy-writer", "aggregator"] {
        let template = fs::read_to_string(root().join(format!("infra/{product}.yaml"))).expect("template");
        let sources = template.matches("Type: AWS::Lambda::EventSourceMapping").count();
        assert!(sources >= 2, "{product} has {sources} queues with workers");
        assert_eq!(template.matches("ReportBatchItemFailures").count(), sources);
        assert_eq!(template.matches("RedrivePolicy:").count(), sources);
    }
}
