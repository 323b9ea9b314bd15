//! Writes the catalogue of tools, which people edit as TOML, down as JSON, which takes functions less time to read when they start.

use std::error::Error;
use std::path::Path;

const CATALOGUE: &str = "src/easy_writer/catalogue.toml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CATALOGUE}");
    let catalogue: serde_json::Value = toml::from_str(&std::fs::read_to_string(CATALOGUE)?)?;
    let folder = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    std::fs::write(Path::new(&folder).join("catalogue.json"), catalogue.to_string())?;
    Ok(())
}
