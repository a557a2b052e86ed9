//! Passwords: argon2id on threads of its own.

use std::{io, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use ihs_config::Settings;

use super::{
    pool::{Overloaded, Pool},
    rules::{Owner, Rules},
};
use crate::error::ApiError;

/// Why passwords cannot be hashed at all.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The settings ask for what argon2id cannot do.
    #[error("argon2id refuses the parameters: {0}")]
    Parameters(argon2::Error),
    /// A hash could not be made.
    #[error("argon2id made no hash: {0}")]
    Hash(argon2::password_hash::Error),
    /// The threads could not be started.
    #[error("the hashing threads could not be started")]
    Threads(#[from] io::Error),
}

/// Hashes and checks passwords.
pub struct Passwords {
    pool: Pool,
    argon2: Arc<Argon2<'static>>,
    /// What a password is checked against when there is no user, so that it takes as long.
    nobody: String,
    rules: Rules,
}

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`PasswordError`] when the settings are not possible.
    pub fn start(settings: &Settings) -> Result<Self, PasswordError> {
        let rules = Rules::new(settings);
        let settings = &settings.auth;
        let (memory, passes) = (settings.argon2_memory_kib, settings.argon2_passes);
        let params = Params::new(memory, passes, 1, None).map_err(PasswordError::Parameters)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash_with(&argon2, "nobody").map_err(PasswordError::Hash)?;
        Ok(Self {
            pool: Pool::start(settings.hash_threads)?,
            argon2: Arc::new(argon2),
            nobody,
            rules,
        })
    }

    /// What is wrong with a new password of this user; empty when nothing is.
    pub(crate) fn faults(&self, password: &str, owner: &Owner<'_>) -> Vec<String> {
        self.rules.faults(password, owner)
    }

    /// The hash of a password that keeps the rules.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, ApiError> {
        let (argon2, password) = (Arc::clone(&self.argon2), password.to_owned());
        let hashed = self.pool.run(move || hash_with(&argon2, &password)).await;
        let hashed = hashed.map_err(unavailable)?;
        hashed.map_err(|error| ApiError::internal(PasswordError::Hash(error)))
    }

    /// Whether the password is the one of this hash. It takes as long where there is no hash, or
    /// none that can be read. One longer than any can be is refused unseen.
    pub(crate) async fn check(&self, password: &str, hash: Option<&str>) -> Result<bool, ApiError> {
        if password.chars().count() > self.rules.most {
            return Ok(false);
        }
        let hash = hash.filter(|hash| PasswordHash::new(hash).is_ok());
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let (argon2, password) = (Arc::clone(&self.argon2), password.to_owned());
        let right = self.pool.run(move || matches(&argon2, &password, &hash)).await;
        Ok(right.map_err(unavailable)? && known)
    }
}

fn hash_with(argon2: &Argon2, password: &str) -> Result<String, argon2::password_hash::Error> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
    Ok(argon2.hash_password(password.as_bytes(), &salt)?.to_string())
}

fn matches(argon2: &Argon2, password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

fn unavailable(overloaded: Overloaded) -> ApiError {
    ApiError::Unavailable(Box::new(overloaded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        let mut cheap = Settings::default();
        (cheap.auth.argon2_memory_kib, cheap.auth.argon2_passes) = (64, 1);
        Passwords::start(&cheap).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let passwords = passwords();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.check("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.check("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.check("nobody", None).await.unwrap());
        for unreadable in ["", "no hash"] {
            assert!(!passwords.check("nobody", Some(unreadable)).await.unwrap());
        }
    }
}
