//! Section `auth`: tokens and passwords.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// Section `auth`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSettings {
    /// Key that signs tokens, at least 32 bytes. Empty: read from, or made in, the data folder.
    pub key: Secret,
    /// Lifetime of an access token, in seconds.
    pub access_seconds: u64,
    /// Lifetime of a refresh token, in seconds.
    pub refresh_seconds: u64,
    /// Shortest password, in characters.
    pub password_min: usize,
    /// Longest password, in characters.
    pub password_max: usize,
    /// argon2id: memory in KiB.
    pub argon2_memory_kib: u32,
    /// argon2id: passes.
    pub argon2_passes: u32,
    /// Threads that hash passwords.
    pub hash_threads: usize,
    /// Whether doctors and nurses wait for staff to verify them before they may treat.
    pub verify_providers: bool,
}

impl Default for AuthSettings {
    /// argon2id with 19 MiB and two passes, as OWASP's Password Storage Cheat Sheet recommends.
    fn default() -> Self {
        Self {
            key: Secret::default(),
            access_seconds: 3_600,
            refresh_seconds: 30 * 24 * 3_600,
            password_min: 8,
            password_max: 1_024,
            argon2_memory_kib: 19_456,
            argon2_passes: 2,
            hash_threads: 2,
            verify_providers: true,
        }
    }
}
