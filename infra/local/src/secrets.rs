//! Generated secrets: kept in `.quintet/secrets.json` so that they survive restarts, or in memory.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a generated secret looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// How many characters.
    pub length: usize,
    /// Whether there is punctuation among them.
    pub punctuation: bool,
    /// A JSON document and the key under which the characters go into it.
    pub inside: Option<(String, String)>,
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("secrets file {}: {cause}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        cause: std::io::Error,
    },
    /// The file does not hold secrets.
    #[error("secrets file {} is damaged: {cause}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        cause: serde_json::Error,
    },
    /// The recipe's document is not a JSON object.
    #[error("the template of the secret is not a JSON object")]
    Template,
    /// The operating system has no randomness.
    #[error("no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Secrets by name.
pub struct Secrets {
    file: Option<PathBuf>,
    values: Mutex<BTreeMap<String, String>>,
}

impl Secrets {
    /// Secrets that end with the process.
    pub fn in_memory() -> Self {
        Self { file: None, values: Mutex::default() }
    }

    /// Secrets kept in the file at `path`, which only its owner may read.
    pub fn open(path: PathBuf) -> Result<Self, Error> {
        let values = match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|cause| Error::Damaged { path: path.clone(), cause })?
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(cause) => return Err(Error::File { path, cause }),
        };
        Ok(Self { file: Some(path), values: Mutex::new(values) })
    }

    /// The secret called `name`, generated on its first use.
    pub fn get(&self, name: &str, recipe: &Recipe) -> Result<String, Error> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get(name) {
            return Ok(value.clone());
        }
        let value = recipe.generate()?;
        self.keep(&mut values, name, &value)?;
        Ok(value)
    }

    /// Replaces the secret called `name`. Functions have the old one until they are deployed again.
    pub fn put(&self, name: &str, value: &str) -> Result<(), Error> {
        self.keep(&mut self.values.lock().unwrap_or_else(PoisonError::into_inner), name, value)
    }

    fn keep(&self, values: &mut BTreeMap<String, String>, name: &str, value: &str) -> Result<(), Error> {
        values.insert(name.to_owned(), value.to_owned());
        let Some(path) = &self.file else { return Ok(()) };
        write(path, values).map_err(|cause| Error::File { path: path.clone(), cause })
    }
}

impl Recipe {
    fn generate(&self) -> Result<String, Error> {
        const PLAIN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        const WITH_PUNCTUATION: &[u8] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,-./:;<=>?@[]^_{|}~";
        let alphabet = if self.punctuation { WITH_PUNCTUATION } else { PLAIN };
        let mut characters = String::with_capacity(self.length);
        let mut random = [0; 64];
        while characters.len() < self.length {
            getrandom::fill(&mut random)?;
            // A byte past the last whole alphabet would make its first letters likelier than the others.
            let fair = u8::MAX - u8::MAX % u8::try_from(alphabet.len()).unwrap_or(u8::MAX);
            let picks = random.iter().filter(|byte| **byte < fair);
            let letters = picks.filter_map(|byte| alphabet.get(usize::from(*byte) % alphabet.len()));
            characters.extend(letters.take(self.length - characters.len()).map(|letter| char::from(*letter)));
        }
        let Some((document, key)) = &self.inside else { return Ok(characters) };
        let document = serde_json::from_str(document).ok();
        let Some(serde_json::Value::Object(mut document)) = document else { return Err(Error::Template) };
        document.insert(key.clone(), characters.into());
        Ok(serde_json::Value::Object(document).to_string())
    }
}

/// Replaces the file in one step, so that a crash leaves the old one or the new one.
fn write(path: &Path, values: &BTreeMap<String, String>) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("json.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(values)?)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe = Recipe { length: 40, punctuation: false, inside: None };

    #[test]
    fn a_secret_stays_the_same() {
        let secrets = Secrets::in_memory();
        let first = secrets.get("keys", &RECIPE).unwrap();
        assert_eq!(first.len(), 40);
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(secrets.get("keys", &RECIPE).unwrap(), first);
        assert_ne!(secrets.get("others", &RECIPE).unwrap(), first);
    }

    #[test]
    fn a_secret_survives_a_restart_in_a_file_that_only_its_owner_reads() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("inner/secrets.json");
        let first = Secrets::open(path.clone()).unwrap().get("keys", &RECIPE).unwrap();
        assert_eq!(Secrets::open(path.clone()).unwrap().get("keys", &RECIPE).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_secret_can_be_part_of_a_document() {
        let recipe = Recipe { inside: Some((r#"{"user":"app"}"#.to_owned(), "password".to_owned())), ..RECIPE };
        let document: serde_json::Value = serde_json::from_str(&recipe.generate().unwrap()).unwrap();
        assert_eq!(document["user"], "app");
        assert_eq!(document["password"].as_str().map(str::len), Some(40));
    }
}
