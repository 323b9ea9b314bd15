//! The folder of a stack's state.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::options::{Data, StartError};

/// An open data folder. A kept one is locked against a second stack until this is dropped.
#[derive(Debug)]
pub(crate) enum Store {
    Ephemeral(TempDir),
    Kept { folder: PathBuf, _lock: File },
}

impl Store {
    pub(crate) fn open(data: &Data) -> Result<Self, StartError> {
        match data {
            Data::Ephemeral => {
                let failed = |cause| StartError::Data { path: std::env::temp_dir(), cause };
                TempDir::with_prefix("quintet-").map(Self::Ephemeral).map_err(failed)
            }
            Data::Folder(folder) => {
                let failed = |cause| StartError::Data { path: folder.clone(), cause };
                create(folder).map_err(failed)?;
                let lock = File::create(folder.join("lock")).map_err(failed)?;
                match lock.try_lock() {
                    Ok(()) => Ok(Self::Kept { folder: folder.clone(), _lock: lock }),
                    Err(TryLockError::WouldBlock) => Err(StartError::InUse(folder.clone())),
                    Err(TryLockError::Error(cause)) => Err(failed(cause)),
                }
            }
        }
    }

    /// A file that is kept; none if nothing is.
    pub(crate) fn kept(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Ephemeral(_) => None,
            Self::Kept { folder, .. } => Some(folder.join(name)),
        }
    }

    /// Where objects are, in any case files.
    pub(crate) fn objects(&self) -> PathBuf {
        self.folder().join("s3")
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Ephemeral(folder) => folder.path(),
            Self::Kept { folder, .. } => folder,
        }
    }
}

/// Creates the folder, for its owner alone: it holds secrets and what people wrote.
fn create(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_stack_cannot_use_the_same_folder() {
        let scratch = TempDir::new().unwrap();
        let data = Data::Folder(scratch.path().join("data"));
        let first = Store::open(&data).unwrap();
        assert!(matches!(Store::open(&data), Err(StartError::InUse(_))));
        drop(first);
        Store::open(&data).unwrap();
    }
}
