//! Section `auth`: tokens and passwords.

use serde::{Deserialize, Serialize};

use crate::{fault::Faults, secret::Secret, server::Profile};

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

/// Shortest key that signs tokens: as long as the hash that it is used with.
const KEY_MIN_BYTES: usize = 32;

impl AuthSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>, profile: Profile) {
        self.check_key(faults, profile);
        faults.within("auth.access_seconds", self.access_seconds, 1, 30 * 24 * 3_600);
        faults.at_least("auth.refresh_seconds", self.refresh_seconds, 1);
        faults.within("auth.password_min", self.password_min, 1, self.password_max);
        faults.within("auth.password_max", self.password_max, 1, 4_096);
        faults.within("auth.argon2_memory_kib", self.argon2_memory_kib, 8, 4 << 20);
        faults.within("auth.argon2_passes", self.argon2_passes, 1, 100);
        faults.within("auth.hash_threads", self.hash_threads, 1, 256);
    }

    fn check_key(&self, faults: &mut Faults<'_>, profile: Profile) {
        let bytes = self.key.expose().len();
        if bytes == 0 && profile == Profile::Production {
            faults.add("auth.key", "is needed when server.profile is production");
        }
        if (1..KEY_MIN_BYTES).contains(&bytes) {
            faults.add("auth.key", format!("must have at least {KEY_MIN_BYTES} bytes"));
        }
    }
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
