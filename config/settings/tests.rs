//! Tests of the loading: what each layer may say, and what is said about a bad one.

use std::fs;

use super::*;
use crate::{Secret, UnknownParameters, server::Profile};

const DOCUMENTED: &str = include_str!("../default.toml");

fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::load_from(&Overrides::default(), &environment(variables))
}

fn from_file(text: &str) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ihs.toml");
    fs::write(&path, text).unwrap();
    Settings::load_from(&Overrides { config: Some(path), ..Overrides::default() }, &[])
}

fn complaint(result: Result<Settings, SettingsError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_documented_file_is_the_defaults() {
    let documented: Table = toml::from_str(DOCUMENTED).unwrap();
    assert_eq!(documented, Table::try_from(Settings::default()).unwrap());
}

#[test]
fn every_documented_key_has_a_comment() {
    let lines: Vec<&str> = DOCUMENTED.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ")) {
        assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
    }
}

#[test]
fn the_documented_file_can_be_loaded() {
    from_file(DOCUMENTED).unwrap();
}

#[test]
fn later_layers_win() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ihs.toml");
    fs::write(&path, "[server]\nlisten = \"127.0.0.1:1\"\nworkers = 3\n[log]\nlevel = \"warn\"")
        .unwrap();
    let variables = environment(&[
        ("IHS_CONFIG", path.to_str().unwrap()),
        ("IHS_LISTEN", "127.0.0.1:2"),
        ("IHS_LOG__LEVEL", "debug"),
    ]);
    let flags = Overrides { listen: Some("127.0.0.1:3".to_owned()), ..Overrides::default() };
    let settings = Settings::load_from(&flags, &variables).unwrap();
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!(settings.server.workers, 3);
    assert_eq!(settings.log.level, "debug");
}

#[test]
fn variables_are_read_as_the_type_of_their_key() {
    let settings = from_environment(&[
        ("IHS_LIMITS__MESSAGE_CHARS", "5"),
        ("IHS_API__UNKNOWN_PARAMETERS", "ignore"),
        ("IHS_AUTH__VERIFY_PROVIDERS", "false"),
        ("IHS_AUTH__KEY", "01234567890123456789012345678901"),
        ("IHS_AUTH__OLD_KEYS", "s9fQm2Lx0vTzK4dWb7RyHc3GnE8uJaPo,8uJaPos9fQm2Lx0vTzK4dWb7RyHc3GnE"),
        ("IHS_API__PLUGINS", "users, rooms"),
        ("IHS_SERVER__PROFILE", "production"),
    ])
    .unwrap();
    assert_eq!(settings.limits.message_chars, 5);
    assert_eq!(settings.api.unknown_parameters, UnknownParameters::Ignore);
    assert!(!settings.auth.verify_providers);
    assert_eq!(settings.auth.key.expose(), "01234567890123456789012345678901");
    let old: Vec<&str> = settings.auth.old_keys.iter().map(Secret::expose).collect();
    assert_eq!(old, ["s9fQm2Lx0vTzK4dWb7RyHc3GnE8uJaPo", "8uJaPos9fQm2Lx0vTzK4dWb7RyHc3GnE"]);
    assert_eq!(settings.api.plugins, ["users", "rooms"]);
    assert_eq!(settings.server.profile, Profile::Production);
}

#[test]
fn a_list_may_be_written_as_in_the_file() {
    let settings = from_environment(&[("IHS_API__PLUGINS", "[\"users\", \"rooms\"]")]).unwrap();
    assert_eq!(settings.api.plugins, ["users", "rooms"]);
}

#[test]
fn short_variables_stand_for_their_keys() {
    let settings = from_environment(&[
        ("IHS_LISTEN", "0.0.0.0:80"),
        ("IHS_DATA_DIR", "/var/lib/ihs"),
        ("IHS_STORE", "mongodb://db/ihs"),
        ("IHS_BUS", "redis://cache"),
    ])
    .unwrap();
    assert_eq!(settings.server.listen.to_string(), "0.0.0.0:80");
    assert_eq!(settings.server.data_dir, PathBuf::from("/var/lib/ihs"));
    assert_eq!(settings.store.url.expose(), "mongodb://db/ihs");
    assert_eq!(settings.bus.url.expose(), "redis://cache");
}

#[test]
fn the_variables_of_a_kubernetes_service_are_not_ours() {
    from_environment(&[
        ("IHS_SERVICE_HOST", "10.0.0.1"),
        ("IHS_SERVICE_PORT_HTTP", "8000"),
        ("IHS_PORT", "tcp://10.0.0.1:8000"),
        ("IHS_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ("IHS_HEADLESS_SERVICE_HOST", "10.0.0.2"),
    ])
    .unwrap();
}

#[test]
fn unknown_names_are_refused_with_what_there_is() {
    let variable = complaint(from_environment(&[("IHS_LIMITS__MESAGE_CHARS", "5")]));
    assert!(variable.starts_with("limits.mesage_chars: no such key;"), "{variable}");
    assert!(variable.contains("message_chars"), "{variable}");
    assert!(variable.ends_with("(set by environment variable IHS_LIMITS__MESAGE_CHARS)"));

    let section = complaint(from_environment(&[("IHS_LIMIT__MESSAGE_CHARS", "5")]));
    assert!(section.contains("no such section; there are api, auth, bus,"), "{section}");

    let bare = complaint(from_environment(&[("IHS_LISTN", "x")]));
    assert!(bare.starts_with("IHS_LISTN: is not a setting"), "{bare}");

    let file = complaint(from_file("[rooms]\nbatches = 1\n"));
    assert!(file.starts_with("rooms.batches: no such key"), "{file}");
    assert!(file.contains("ihs.toml"), "{file}");

    let outside = complaint(from_file("batch = 1\n"));
    assert!(outside.starts_with("batch: stands outside of any [section]"), "{outside}");
}

#[test]
fn bad_values_are_refused_with_key_and_origin() {
    for (name, value, message) in [
        (
            "IHS_LIMITS__FRAME_BYTES",
            "many",
            "limits.frame_bytes: must be a whole number, is a text",
        ),
        ("IHS_LIMITS__FRAME_BYTES", "0", "limits.frame_bytes: must be from 1 to 16777216, is 0"),
        ("IHS_LIMITS__FRAME_BYTES", "-1", "limits.frame_bytes: invalid value"),
        ("IHS_ROOMS__BATCH", "0", "rooms.batch: must be from 1 to 10000, is 0"),
        ("IHS_API__PAGE_SIZE", "101", "api.page_size: must be from 1 to 100, is 101"),
        ("IHS_API__UNKNOWN_PARAMETERS", "maybe", "api.unknown_parameters: unknown variant `maybe`"),
        ("IHS_AUTH__VERIFY_PROVIDERS", "yes", "auth.verify_providers: must be true or false"),
        ("IHS_LISTEN", "nowhere", "server.listen: "),
        ("IHS_STORE", "postgres://db", "store.url: must be `embedded` or"),
        ("IHS_BUS", "", "bus.url: must be `local`, or"),
        ("IHS_BUS", "redis://a,b", "bus.url: names several hosts"),
        ("IHS_BUS__PREFIX", "a{b}", "bus.prefix: must have"),
        ("IHS_BUS__AWAY_MS", "1999", "bus.away_ms: must be from 2000 to 600000, is 1999"),
        ("IHS_LOG__LEVEL", "info,loud", "log.level: `loud` does not name a level"),
        ("IHS_SERVER__PROFILE", "production", "auth.key: is needed"),
        ("IHS_AUTH__OLD_KEYS", "short", "auth.old_keys: must have at least 32 bytes"),
    ] {
        let said = complaint(from_environment(&[(name, value)]));
        assert!(said.starts_with(message), "{said}");
        assert!(said.contains(name) || name == "IHS_SERVER__PROFILE", "{said}");
    }
}

#[test]
fn production_refuses_weak_keys_and_names_the_setting() {
    let strong = "s9fQm2Lx0vTzK4dWb7RyHc3GnE8uJaPo";
    let production = |key, old| {
        from_environment(&[
            ("IHS_SERVER__PROFILE", "production"),
            ("IHS_AUTH__KEY", key),
            ("IHS_AUTH__OLD_KEYS", old),
        ])
    };
    production(strong, "").unwrap();
    let weak = "k".repeat(40);
    let said = complaint(production(&weak, strong));
    assert!(said.starts_with("auth.key: repeats itself"), "{said}");
    let said = complaint(production(strong, &format!("{strong},{weak}")));
    assert!(said.starts_with("auth.old_keys: repeats itself"), "{said}");
    assert!(!said.contains("kkk") && !said.contains(strong), "{said}");
    from_environment(&[("IHS_AUTH__KEY", &weak)]).unwrap();
}

#[test]
fn every_value_out_of_bounds_is_named_at_once() {
    let said = complaint(from_file("[rooms]\nbatch = 0\npending = 0\n"));
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_flag_is_named_by_its_name() {
    let flags = Overrides { store: Some("mysql".to_owned()), ..Overrides::default() };
    let said = complaint(Settings::load_from(&flags, &[]));
    assert!(said.ends_with("(set by flag --store)"), "{said}");
}

#[test]
fn a_broken_file_is_named_by_its_line() {
    let said = complaint(from_file("[server]\nworkers = \n"));
    assert!(said.contains("ihs.toml is not valid TOML, line 2"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let flags = Overrides { config: Some("/nowhere.toml".into()), ..Overrides::default() };
    assert!(complaint(Settings::load_from(&flags, &[])).contains("/nowhere.toml"));
}

#[test]
fn secrets_are_not_shown() {
    let texts = [
        complaint(from_environment(&[("IHS_AUTH__KEY", "hunter2")])),
        complaint(from_environment(&[("IHS_STORE", "mysql://root:hunter2@db")])),
        complaint(from_environment(&[("IHS_BUS", "http://:hunter2@db")])),
        complaint(from_environment(&[("IHS_AUTH__OLD_KEYS", "hunter2")])),
        complaint(from_file("[auth]\nkey = hunter2\n")),
        complaint(from_file("[auth]\nkey = \"hunter2\n")),
        complaint(from_file("[auth]\nkey = [\"hunter2\"]\n")),
        format!(
            "{:?}",
            from_environment(&[("IHS_STORE", "mongodb://root:hunter2@db/ihs")]).unwrap()
        ),
    ];
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
