//! What the binary says about bad settings and bad usage.

use crate::support::process::{complaint, data_dir, ihs, run, shown};

fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = ihs(arguments);
    let output = run(command.args(data_dir(folder.path())).envs(variables.iter().copied()), "");
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert_eq!(shown(&output), "");
    complaint(&output)
}

#[test]
fn a_bad_variable_is_named_with_its_key() {
    let said = refused(&["serve"], &[("IHS_LIMITS__FRAME_BYTES", "0")]);
    assert!(said.contains("limits.frame_bytes"), "{said}");
    assert!(said.contains("environment variable IHS_LIMITS__FRAME_BYTES"), "{said}");
}

#[test]
fn a_plugin_that_does_not_exist_is_named() {
    let complaint = refused(&["serve"], &[("IHS_API__PLUGINS", "users,insurance")]);
    assert!(complaint.contains("api.plugins: there is no insurance"), "{complaint}");
    assert!(complaint.contains("insurances"), "{complaint}");
}

#[test]
fn an_unknown_variable_is_named() {
    let said = refused(&["serve"], &[("IHS_LIMITS__FRAME_BITES", "1")]);
    assert!(said.contains("limits.frame_bites: no such key"), "{said}");
}

#[test]
fn a_bad_flag_is_named() {
    let said = refused(&["serve", "--listen", "nowhere"], &[]);
    assert!(said.contains("server.listen") && said.contains("--listen"), "{said}");
}

#[test]
fn an_unknown_flag_or_command_is_bad_usage() {
    for arguments in [["serve", "--port"], ["dance", "--wildly"]] {
        let output = run(&mut ihs(arguments), "");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_bad_file_is_named_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ihs.toml");
    std::fs::write(&file, "[rooms]\nbatch = \"many\"\n").unwrap();
    let said = refused(&["serve", "--config", file.to_str().unwrap()], &[]);
    assert!(said.contains("rooms.batch: must be a whole number, is a text"), "{said}");
    assert!(said.contains("ihs.toml"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let said = refused(&["serve", "--config", "/nowhere/ihs.toml"], &[]);
    assert!(said.contains("/nowhere/ihs.toml"), "{said}");
}

#[test]
fn a_password_in_an_address_is_not_shown() {
    let said = refused(&["serve", "--store", "mysql://root:hunter2@db"], &[]);
    assert!(said.contains("store.url"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn production_needs_a_key() {
    let said = refused(&["serve"], &[("IHS_SERVER__PROFILE", "production")]);
    assert!(said.contains("auth.key"), "{said}");
    for weak in ["k".repeat(48), "changeme-changeme-changeme-changeme".to_owned()] {
        let variables = [("IHS_SERVER__PROFILE", "production"), ("IHS_AUTH__KEY", weak.as_str())];
        let said = refused(&["serve"], &variables);
        assert!(said.contains("auth.key: ") && !said.contains(&weak), "{said}");
    }
}

#[test]
fn a_bus_that_does_not_exist_is_refused() {
    let said = refused(&["serve", "--bus", "carrier-pigeon"], &[]);
    assert!(said.contains("bus.url"), "{said}");
}

#[test]
fn an_address_of_a_bus_that_cannot_be_is_refused_without_its_password() {
    let said = refused(&["serve", "--bus", "redis://:hunter2@a,b"], &[]);
    assert!(said.contains("bus.url: names several hosts"), "{said}");
    assert!(said.contains("--bus") && !said.contains("hunter2"), "{said}");
}

#[test]
fn help_goes_to_standard_output() {
    let output = run(&mut ihs(["--help"]), "");
    assert!(output.status.success());
    for word in ["serve", "createsuperuser", "demo", "chat", "check"] {
        assert!(shown(&output).contains(word), "{word} is missing");
    }
}
