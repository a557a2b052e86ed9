//! Section `auth`: tokens and passwords.

use serde::{Deserialize, Serialize};

use crate::{fault::Faults, key, secret::Secret, server::Profile};

/// Section `auth`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSettings {
    /// Key that signs tokens, at least 32 bytes. Empty: read from, or made in, the data folder.
    pub key: Secret,
    /// Keys that signed tokens before: what they signed still counts.
    pub old_keys: Vec<Secret>,
    /// Lifetime of an access token, in seconds.
    pub access_seconds: u64,
    /// Lifetime of a refresh token, in seconds.
    pub refresh_seconds: u64,
    /// Shortest password, in characters.
    pub password_min: usize,
    /// Longest password, in characters.
    pub password_max: usize,
    /// Whether new passwords that others could guess are refused outside of production, too.
    pub refuse_weak_passwords: bool,
    /// argon2id: memory in KiB.
    pub argon2_memory_kib: u32,
    /// argon2id: passes.
    pub argon2_passes: u32,
    /// Threads that hash passwords.
    pub hash_threads: usize,
    /// Failed logins to one account from one address at once; 0 means no limit.
    pub login_failures: u32,
    /// Failed logins from one address at once, whatever the account; 0 means no limit.
    pub login_failures_per_address: u32,
    /// Time after which all of them are forgotten, in seconds.
    pub login_window_seconds: u64,
    /// Whether doctors and nurses wait for staff to verify them before they may treat.
    pub verify_providers: bool,
}

/// Shortest key that signs tokens: as long as the hash that it is used with.
pub const KEY_MIN_BYTES: usize = 32;

impl AuthSettings {
    pub(crate) fn check(&self, faults: &mut Faults<'_>, profile: Profile) {
        self.check_keys(faults, profile);
        faults.within("auth.access_seconds", self.access_seconds, 1, 30 * 24 * 3_600);
        faults.at_least("auth.refresh_seconds", self.refresh_seconds, 1);
        faults.within("auth.password_min", self.password_min, 1, self.password_max);
        faults.within("auth.password_max", self.password_max, 1, 4_096);
        faults.within("auth.argon2_memory_kib", self.argon2_memory_kib, 8, 4 << 20);
        faults.within("auth.argon2_passes", self.argon2_passes, 1, 100);
        faults.within("auth.hash_threads", self.hash_threads, 1, 256);
        faults.within("auth.login_window_seconds", self.login_window_seconds, 1, 24 * 3_600);
    }

    fn check_keys(&self, faults: &mut Faults<'_>, profile: Profile) {
        let keyless = self.key.expose().is_empty();
        if keyless && profile == Profile::Production {
            faults.add("auth.key", "is needed when server.profile is production");
        }
        let signing = Some(("auth.key", &self.key)).filter(|_| !keyless);
        let old = self.old_keys.iter().map(|key| ("auth.old_keys", key));
        for (setting, key) in signing.into_iter().chain(old) {
            check_key(faults, profile, setting, key);
        }
    }
}

fn check_key(faults: &mut Faults<'_>, profile: Profile, setting: &str, key: &Secret) {
    if key.expose().len() < KEY_MIN_BYTES {
        faults.add(setting, format!("must have at least {KEY_MIN_BYTES} bytes"));
    } else if profile == Profile::Production
        && let Some(weakness) = key::weakness(key.expose())
    {
        faults.add(setting, format!("{weakness}; `openssl rand -base64 48` makes a strong one"));
    }
}

impl Default for AuthSettings {
    /// argon2id with 19 MiB and two passes, as OWASP's Password Storage Cheat Sheet recommends.
    fn default() -> Self {
        Self {
            key: Secret::default(),
            old_keys: Vec::new(),
            access_seconds: 3_600,
            refresh_seconds: 30 * 24 * 3_600,
            password_min: 8,
            password_max: 1_024,
            refuse_weak_passwords: false,
            argon2_memory_kib: 19_456,
            argon2_passes: 2,
            hash_threads: 2,
            login_failures: 10,
            login_failures_per_address: 100,
            login_window_seconds: 300,
            verify_providers: true,
        }
    }
}
