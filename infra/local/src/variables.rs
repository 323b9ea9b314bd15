//! The variables of a product's functions as a file, for those who run functions outside this process: `cargo lambda watch`, a debugger, a shell.
//!
//! `.quintet/<product>.env`, written at each start. It holds what is in the data folder anyway, the local secrets among it, and the keys of
//! vendors that the operator gave; so it is for its owner alone. A stack that keeps no state writes none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Variables by name, with all values that functions have for them.
#[derive(Debug, Default)]
pub(crate) struct Variables(BTreeMap<String, BTreeSet<String>>);

impl Variables {
    /// Notes the variables of one function.
    pub(crate) fn add<'a>(&mut self, variables: impl IntoIterator<Item = (&'a String, &'a String)>) {
        for (name, value) in variables.into_iter().filter(|(_, value)| !value.is_empty()) {
            self.0.entry(name.clone()).or_default().insert(value.clone());
        }
    }

    /// What is in the file: lines `NAME='value'`, which shells and `cargo lambda` read alike.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("# Of the stack that was started last. Each start writes this anew.\n");
        for (name, values) in &self.0 {
            let mut values = values.iter();
            // Writing to a string does not fail.
            let _ = match (values.next(), values.next()) {
                (Some(value), None) if !value.contains(['\'', '\\']) => writeln!(text, "{name}='{value}'"),
                (Some(_), None) => {
                    writeln!(text, "# {name} is left out: not everybody reads its quotes and backslashes alike.")
                }
                _ => writeln!(text, "# {name} is left out: functions have different ones."),
            };
        }
        text
    }

    /// Writes the file at `path`, which only its owner may read.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        // An old file would keep its mode, whoever has changed that.
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)?.write_all(self.text().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(functions: &[&[(&str, &str)]]) -> Variables {
        let mut variables = Variables::default();
        for function in functions {
            let owned: BTreeMap<_, _> =
                function.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            variables.add(&owned);
        }
        variables
    }

    #[test]
    fn functions_share_one_file() {
        let variables = variables(&[&[("A", "1"), ("EMPTY", "")], &[("A", "1"), ("B", r#"{"key": "$x"}"#)]]);
        let text = variables.text();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["A='1'", r#"B='{"key": "$x"}'"#]);
    }

    #[test]
    fn what_cannot_be_told_is_named() {
        let variables = variables(&[&[("A", "1"), ("QUOTED", "it's")], &[("A", "2")]]);
        let text = variables.text();
        assert_eq!(text.lines().filter(|line| line.contains("is left out")).count(), 2, "{text}");
        assert!(!text.contains("='"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("product.env");
        std::fs::write(&path, "old").unwrap();
        variables(&[&[("A", "1")]]).write(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("\nA='1'\n"));
    }
}
