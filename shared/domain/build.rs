//! Writes the catalogues, which people edit as TOML, down as JSON, which takes functions less time to read when they start.

use std::error::Error;
use std::path::Path;

const CATALOGUES: [(&str, &str); 2] =
    [("src/easy_writer/catalogue.toml", "catalogue.json"), ("src/aggregator/models.toml", "models.json")];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    for (from, to) in CATALOGUES {
        println!("cargo::rerun-if-changed={from}");
        let catalogue: serde_json::Value = toml::from_str(&std::fs::read_to_string(from)?)?;
        std::fs::write(Path::new(&folder).join(to), catalogue.to_string())?;
    }
    Ok(())
}
