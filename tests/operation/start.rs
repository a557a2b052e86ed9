//! Starting, stopping, and what stands in the way.

use std::{fs, net::TcpListener};

use crate::support::{
    App,
    process::{complaint, data_dir, ihs, run, shown},
    redis::Redis,
};

/// Whether this run is about the embedded store: a folder in use or a damaged file is its matter.
fn is_embedded() -> bool {
    std::env::var("IHS_TEST_STORE").as_deref() != Ok("mongodb")
}

#[tokio::test]
async fn a_start_says_where_it_listens_where_the_data_is_and_what_to_try() {
    let app = App::start().await;
    let said = app.said();
    assert!(said.contains(&format!("listening on {}", app.url())), "{said}");
    assert!(said.contains("/api/users/"), "{said}");
    if is_embedded() {
        assert!(said.contains(app.data_dir().to_str().unwrap()), "{said}");
    }
}

#[tokio::test]
async fn a_second_start_finds_the_data_of_the_first() {
    let mut app = App::start().await;
    app.patient("ada").await;
    app.restart();
    app.log_in("ada").await;
}

#[tokio::test]
async fn what_was_acknowledged_outlives_a_crash() {
    let mut app = App::start().await;
    app.patient("ada").await;
    app.kill9();
    app.log_in("ada").await;
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    let mut app = App::start().await;
    let ada = app.patient("ada").await;
    app.restart();
    ada.get("/api/users/ada/").await.ok();
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = other.local_addr().unwrap().to_string();
    let output = run(ihs(["--listen", &place]).args(data_dir(folder.path())), "");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains(&place), "{}", complaint(&output));
    assert!(complaint(&output).contains("--listen"), "{}", complaint(&output));
}

#[tokio::test]
async fn a_folder_in_use_is_named_and_not_harmed() {
    if !is_embedded() {
        return;
    }
    let app = App::start().await;
    app.patient("ada").await;
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["check"][..]] {
        let output = app.run(command, "");
        assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
        let folder = app.data_dir().to_str().unwrap();
        assert!(complaint(&output).contains(folder), "{}", complaint(&output));
        assert!(complaint(&output).contains("in use"), "{}", complaint(&output));
    }
    app.log_in("ada").await;
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "a file in the way").unwrap();
    let output = run(ihs(["--listen", "127.0.0.1:0"]).args(data_dir(&file)), "");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains(file.to_str().unwrap()), "{}", complaint(&output));
    assert_eq!(fs::read_to_string(file).unwrap(), "a file in the way");
}

#[tokio::test]
async fn a_damaged_database_is_named_and_left_as_it_is() {
    if !is_embedded() {
        return;
    }
    let mut app = App::start().await;
    app.patient("ada").await;
    assert!(app.node().terminate().success());
    let file = database_file(&app);
    fs::write(&file, "this is no database\n".repeat(1_000)).unwrap();
    let before = fs::read(&file).unwrap();
    let output = app.run(&["serve", "--listen", "127.0.0.1:0"], "");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains(file.to_str().unwrap()), "{}", complaint(&output));
    assert!(!complaint(&output).contains("panicked"), "{}", complaint(&output));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn check_tells_what_it_found() {
    let mut app = App::start().await;
    assert!(app.node().terminate().success());
    let output = app.run(&["check"], "");
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(shown(&output).contains("store"), "{}", shown(&output));
}

#[test]
fn check_names_a_database_that_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = format!("mongodb://root:hunter2@{closed}");
    let mut command = ihs(["check", "--store", &store]);
    let output = run(command.args(data_dir(folder.path())).env("IHS_STORE__TIMEOUT_MS", "500"), "");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains(&closed.to_string()), "{}", complaint(&output));
    assert!(!complaint(&output).contains("hunter2"), "{}", complaint(&output));
}

#[test]
fn check_names_a_bus_that_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = ihs(["check", "--bus", &format!("redis://:hunter2@{closed}")]);
    let output = run(command.args(data_dir(folder.path())).env("IHS_BUS__AWAY_MS", "2000"), "");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains(&closed.to_string()), "{}", complaint(&output));
    assert!(!complaint(&output).contains("hunter2"), "{}", complaint(&output));
}

#[test]
fn check_tries_the_bus() {
    let (folder, redis) = (tempfile::tempdir().unwrap(), Redis::start());
    let mut command = ihs(["check", "--bus", &redis.url()]);
    let output = run(command.args(data_dir(folder.path())), "");
    assert!(output.status.success(), "{}", complaint(&output));
    let found = format!("bus       Redis at {}: delivers", redis.place());
    assert!(shown(&output).contains(&found), "{}", shown(&output));
}

/// The largest file of the data folder.
fn database_file(app: &App) -> std::path::PathBuf {
    let files = fs::read_dir(app.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    files.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}
