//! All sections together, and how they are loaded.
//!
//! Later ones win: defaults, the settings file, environment variables, flags.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{
    api::ApiSettings,
    auth::AuthSettings,
    bus::BusSettings,
    fault::{Fault, Faults, Origin, SettingsError},
    layers::{self, Assignment},
    limits::LimitSettings,
    log::LogSettings,
    rooms::RoomSettings,
    server::ServerSettings,
    store::StoreSettings,
};

/// Every setting of a node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where the node listens and keeps its files.
    pub server: ServerSettings,
    /// Which database.
    pub store: StoreSettings,
    /// What carries events between nodes.
    pub bus: BusSettings,
    /// Tokens and passwords.
    pub auth: AuthSettings,
    /// The REST layer.
    pub api: ApiSettings,
    /// The realtime core.
    pub rooms: RoomSettings,
    /// What one client may use.
    pub limits: LimitSettings,
    /// What the node writes about itself.
    pub log: LogSettings,
}

/// What the command line says; as text, so that one place judges values from anywhere.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`: the settings file.
    pub config: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data-dir`.
    pub data_dir: Option<String>,
    /// `--store`.
    pub store: Option<String>,
    /// `--bus`.
    pub bus: Option<String>,
    /// `--log-level`.
    pub log_level: Option<String>,
}

impl Settings {
    /// Loads the settings of this process: the file that the flags or the environment name, the
    /// environment, and the flags.
    ///
    /// # Errors
    /// [`SettingsError`], naming the key and where it was set.
    pub fn load(overrides: &Overrides) -> Result<Self, SettingsError> {
        let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        Self::load_from(overrides, &environment)
    }

    /// The same with an environment that is given.
    ///
    /// # Errors
    /// [`SettingsError`], naming the key and where it was set.
    pub fn load_from(
        overrides: &Overrides,
        environment: &[(OsString, OsString)],
    ) -> Result<Self, SettingsError> {
        let defaults = Table::try_from(Self::default()).map_err(inconsistent)?;
        let mut merged = Merged { table: defaults.clone(), origins: BTreeMap::new() };
        let file = overrides.config.as_deref().or_else(|| layers::file_variable(environment));
        let file = file.map(layers::file).transpose()?.unwrap_or_default();
        let environment = layers::environment(environment, &defaults)?;
        let flags = layers::flags(overrides);
        for assignment in file.into_iter().chain(environment).chain(flags) {
            check(&assignment, &defaults)?;
            merged.set(assignment);
        }
        let settings: Self = merged.table.try_into().map_err(inconsistent)?;
        settings.check(&merged.origins)?;
        Ok(settings)
    }

    /// Checks what single types cannot say: bounds, and keys that must fit together.
    fn check(&self, origins: &BTreeMap<String, Origin>) -> Result<(), SettingsError> {
        let mut faults = Faults::new(origins);
        self.server.check(&mut faults);
        self.store.check(&mut faults);
        self.bus.check(&mut faults);
        self.auth.check(&mut faults, self.server.profile);
        self.api.check(&mut faults);
        self.rooms.check(&mut faults);
        self.limits.check(&mut faults);
        self.log.check(&mut faults);
        faults.into_result()
    }
}

/// The defaults with the layers laid over them so far.
struct Merged {
    table: Table,
    origins: BTreeMap<String, Origin>,
}

impl Merged {
    fn set(&mut self, assignment: Assignment) {
        self.origins.insert(assignment.path(), assignment.origin);
        if let Some(Value::Table(section)) = self.table.get_mut(&assignment.section) {
            section.insert(assignment.key, assignment.value);
        }
    }
}

/// Checks that the key exists and that its type takes the value, each key by itself: so the
/// message can name key and origin, whatever the types say.
fn check(assignment: &Assignment, defaults: &Table) -> Result<(), SettingsError> {
    let Some(Value::Table(section)) = defaults.get(&assignment.section) else {
        let message = format!("no such section; there are {}", names(defaults));
        return Err(assignment.fault(message));
    };
    let Some(default) = section.get(&assignment.key) else {
        let message = format!("no such key; [{}] has {}", assignment.section, names(section));
        return Err(assignment.fault(message));
    };
    if !default.same_type(&assignment.value) {
        let (wanted, given) = (kind(default), kind(&assignment.value));
        return Err(assignment.fault(format!("must be {wanted}, is {given}")));
    }
    let key = Table::from_iter([(assignment.key.clone(), assignment.value.clone())]);
    let alone = Table::from_iter([(assignment.section.clone(), Value::Table(key))]);
    match alone.try_into::<Settings>() {
        Ok(_) => Ok(()),
        Err(error) => Err(assignment.fault(error.message())),
    }
}

fn names(table: &Table) -> String {
    let names: Vec<&str> = table.keys().map(String::as_str).collect();
    names.join(", ")
}

/// What a person calls the type of a value. The value itself may be a secret.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// Cannot happen while every key was checked by itself; said all the same, without values.
fn inconsistent(_: impl std::error::Error) -> SettingsError {
    SettingsError::Faults(vec![Fault {
        key: "settings".to_owned(),
        message: "do not fit together".to_owned(),
        origin: Origin::Default,
    }])
}

#[cfg(test)]
mod tests;
