//! The layers that lie over the defaults: the file, the environment, the flags.

use std::{ffi::OsString, fs, path::Path};

use toml::{Table, Value};

use crate::{
    fault::{Fault, Origin, SettingsError},
    settings::Overrides,
};

/// One value for one key, from one place.
pub(crate) struct Assignment {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

impl Assignment {
    fn new(section: &str, key: &str, value: Value, origin: Origin) -> Self {
        Self { section: section.to_owned(), key: key.to_owned(), value, origin }
    }

    /// `section.key`.
    pub(crate) fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    pub(crate) fn fault(&self, message: impl Into<String>) -> SettingsError {
        fault(self.path(), message, self.origin.clone())
    }
}

/// Environment variables that have a name without a section.
const SHORT: [(&str, &str, &str); 4] = [
    ("LISTEN", "server", "listen"),
    ("DATA_DIR", "server", "data_dir"),
    ("STORE", "store", "url"),
    ("BUS", "bus", "url"),
];

/// Every value of a settings file.
pub(crate) fn file(path: &Path) -> Result<Vec<Assignment>, SettingsError> {
    let text = fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    let table: Table = toml::from_str(&text).map_err(|error| syntax(path, &text, &error))?;
    let origin = Origin::File(path.to_owned());
    let mut values = Vec::new();
    for (section, content) in table {
        let Value::Table(content) = content else {
            return Err(fault(section, "stands outside of any [section]", origin));
        };
        values.extend(
            content
                .into_iter()
                .map(|(key, value)| Assignment::new(&section, &key, value, origin.clone())),
        );
    }
    Ok(values)
}

/// The path of the settings file, when the environment names one.
pub(crate) fn file_variable(environment: &[(OsString, OsString)]) -> Option<&Path> {
    let (_, value) = environment.iter().find(|(name, _)| name == "IHS_CONFIG")?;
    Some(Path::new(value))
}

/// Every variable whose name starts with `IHS_`, but for those of the test suites, `IHS_TEST_…`.
/// The short names go last, so that they win.
pub(crate) fn environment(
    variables: &[(OsString, OsString)],
    defaults: &Table,
) -> Result<Vec<Assignment>, SettingsError> {
    let (mut long, mut short) = (Vec::new(), Vec::new());
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        let Some(rest) = name.strip_prefix("IHS_") else {
            continue;
        };
        if rest == "CONFIG" || rest.starts_with("TEST_") || is_service_link(rest) {
            continue;
        }
        let value = value.to_str().ok_or_else(|| SettingsError::NotText(name.to_owned()))?;
        let origin = Origin::Variable(name.to_owned());
        if let Some((_, section, key)) = SHORT.iter().find(|(short, ..)| *short == rest) {
            short.push(Assignment::new(section, key, Value::String(value.to_owned()), origin));
            continue;
        }
        let lower = rest.to_ascii_lowercase();
        let Some((section, key)) = lower.split_once("__") else {
            return Err(fault(name, "is not a setting; IHS_<SECTION>__<KEY> is", origin));
        };
        let default = defaults.get(section).and_then(|section| section.get(key));
        long.push(Assignment::new(section, key, read(value, default), origin));
    }
    long.extend(short);
    Ok(long)
}

/// The values that flags give.
pub(crate) fn flags(overrides: &Overrides) -> Vec<Assignment> {
    let Overrides { config: _, listen, data_dir, store, bus, log_level } = overrides;
    [
        (listen, "--listen", "server", "listen"),
        (data_dir, "--data-dir", "server", "data_dir"),
        (store, "--store", "store", "url"),
        (bus, "--bus", "bus", "url"),
        (log_level, "--log-level", "log", "level"),
    ]
    .into_iter()
    .filter_map(|(value, flag, section, key)| {
        let value = Value::String(value.clone()?);
        Some(Assignment::new(section, key, value, Origin::Flag(flag)))
    })
    .collect()
}

/// Kubernetes gives a pod variables such as `IHS_SERVICE_HOST` and `IHS_PORT_8000_TCP_ADDR` when a
/// service is called `ihs`, or `ihs-something`. They are not meant for us.
fn is_service_link(rest: &str) -> bool {
    let rest = format!("_{rest}");
    !rest.contains("__")
        && (rest.ends_with("_SERVICE_HOST")
            || rest.contains("_SERVICE_PORT")
            || rest.ends_with("_PORT")
            || ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| rest.contains(protocol)))
}

/// Reads a text as the type that the default has. A text that cannot be read so stays a text, and
/// is refused where all types are checked.
fn read(text: &str, default: Option<&Value>) -> Value {
    let unread = || Value::String(text.to_owned());
    match default {
        Some(Value::Integer(_)) => {
            text.trim().replace('_', "").parse().map_or_else(|_| unread(), Value::Integer)
        }
        Some(Value::Boolean(_)) => text.trim().parse().map_or_else(|_| unread(), Value::Boolean),
        Some(Value::Array(_)) => list(text),
        _ => unread(),
    }
}

/// `a,b` or `["a", "b"]`.
fn list(text: &str) -> Value {
    if text.trim_start().starts_with('[') {
        let parsed = toml::from_str::<Table>(&format!("list = {text}"));
        return parsed
            .ok()
            .and_then(|mut table| table.remove("list"))
            .unwrap_or_else(|| Value::String(text.to_owned()));
    }
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> SettingsError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    SettingsError::Syntax {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        message: error.message().to_owned(),
    }
}

fn fault(key: impl Into<String>, message: impl Into<String>, origin: Origin) -> SettingsError {
    SettingsError::Faults(vec![Fault { key: key.into(), message: message.into(), origin }])
}
