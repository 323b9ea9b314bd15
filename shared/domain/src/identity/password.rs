//! Password hashes: Argon2id with OWASP's parameters (19 MiB, two passes, one lane).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use super::model::NewPassword;
use crate::kernel::{Error, Result};

/// The hash of a password that nobody knows, with the parameters of all others: verifying against it takes as long as
/// against a real one.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$VGhlIGRlY295J3Mgc2FsdA$q1WkYzAdCq9c3KyUKjoYjTEdKkT8H3bWqTv8n2bZQxE";

fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(19_456, 2, 1, None).map_err(|error| Error::internal("argon2 parameters", error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password into a PHC string, off the async threads.
pub(super) async fn hash(password: NewPassword) -> Result<String> {
    blocking(move || {
        let hash = hasher()?.hash_password(password.into_text().as_bytes());
        hash.map(|hash| hash.to_string()).map_err(|error| Error::internal("hash password", error.to_string()))
    })
    .await
}

/// Whether `password` is the one behind `stored`, off the async threads. Without a stored hash the answer is no, after
/// the same work.
pub(super) async fn verify(password: String, stored: Option<String>) -> Result<bool> {
    blocking(move || {
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| DECOY.to_owned());
        let hash =
            PasswordHash::new(&phc).map_err(|error| Error::internal("stored password hash", error.to_string()))?;
        let matches = hasher()?.verify_password(password.as_bytes(), &hash).is_ok();
        Ok(known && matches)
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal("password work", error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_and_only_it_verifies() {
        let hash = hash(NewPassword::parse("password", "pass123456".to_owned()).unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("pass123456".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!verify("pass123457".to_owned(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_account_verifies_against_the_decoy_and_fails() {
        assert!(!verify("pass123456".to_owned(), None).await.unwrap());
    }
}
