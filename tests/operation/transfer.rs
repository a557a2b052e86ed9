//! `ihs export` and `ihs import`.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use reqwest::header::ETAG;
use serde_json::{Value, json};

use crate::support::{
    App,
    process::{self, BINARY, complaint},
    road::Road,
    user::User,
};

/// The signal that ends a process whose file becomes larger than it may.
const SIGXFSZ: i32 = 25;

/// A node that was stopped, over an empty store.
async fn empty() -> App {
    stopped(App::start().await)
}

fn stopped(mut app: App) -> App {
    assert!(app.node().terminate().success());
    app
}

/// A stopped node whose store has more than fits one commit of an import.
async fn clinic() -> App {
    let app = stopped(App::on_embedded(&[]).await);
    done(&app.run(&["demo"], ""));
    app
}

fn file(app: &App, name: &str) -> PathBuf {
    app.data_dir().join(name)
}

fn export(app: &App, file: &Path) -> Output {
    app.run(&["export", file.to_str().unwrap()], "")
}

fn import(app: &App, file: &Path) -> Output {
    app.run(&["import", file.to_str().unwrap()], "")
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", complaint(output));
}

fn refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", complaint(output));
    assert!(complaint(output).contains(words), "{}", complaint(output));
}

/// The lines of documents and entries, without those of the audit log, in which exports stand.
fn items(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let is_item = |line: &&str| {
        line.starts_with("{\"room\"")
            || line.starts_with("{\"collection\"") && !line.starts_with("{\"collection\":\"audit")
    };
    text.lines().filter(is_item).map(str::to_owned).collect()
}

/// Runs a command on the embedded store in a folder under a limit for the size of files, which kills
/// it in the middle of the write that goes beyond.
fn within(folder: &Path, kibibytes: u64, arguments: &[&str]) -> Output {
    let limited = format!("ulimit -c 0; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
    let mut command = Command::new("bash");
    command.args(["-c", &limited, BINARY]).args(arguments).args(process::data_dir(folder));
    process::without_settings(&mut command);
    process::run(&mut command, "")
}

/// The same without a limit.
fn at(folder: &Path, arguments: &[&str]) -> Output {
    process::run(process::ihs(arguments).args(process::data_dir(folder)), "")
}

/// What this user is answered, wherever the node is.
async fn views(app: &App, user: &User, paths: &[String]) -> Vec<(String, String)> {
    let mut views = Vec::new();
    for path in paths {
        let answer = user.get(path).await;
        let tag = answer.header(ETAG).to_owned();
        views.push((answer.ok().to_string().replace(app.url(), ""), tag));
    }
    views
}

/// Records of a patient and a doctor, and a room in which everything has happened.
struct Case {
    room: String,
    paths: Vec<String>,
    last: Value,
}

async fn case(app: &App) -> Case {
    let (ada, bob) = (app.patient("ada").await, app.doctor("bob").await);
    ada.patch("/api/users/ada/", json!({"first_name": "Ada", "last_name": "رضایی"})).await.ok();
    let room = ada.room_with(&[&bob]).await;
    let mut ids = Vec::new();
    for text in ["as it is", "edited", "deleted"] {
        let sent = keyed(&ada, &room, text).await;
        ids.push(sent["id"].as_str().unwrap().to_owned());
    }
    let path = |id: &String| format!("/api/messages/{id}/");
    ada.patch(&path(&ids[1]), json!({"text": "once"})).await.ok();
    ada.patch(&path(&ids[1]), json!({"text": "twice"})).await.ok();
    ada.patch(&path(&ids[2]), json!({"text": "soon gone"})).await.ok();
    ada.delete(&path(&ids[2])).await.no_content();
    let log = ada.get(&format!("/api/rooms/{room}/messages/?after=0&limit=50")).await.ok();
    let last = log["results"].as_array().unwrap().last().unwrap().clone();
    let mut paths: Vec<String> = ids.iter().map(path).collect();
    paths.extend(["/api/users/ada/".to_owned(), "/api/patients/ada/".to_owned()]);
    paths.push(format!("/api/rooms/{room}/"));
    paths.push(format!("/api/rooms/{room}/messages/?after=0&limit=50"));
    Case { room, paths, last }
}

async fn keyed(user: &User, room: &str, text: &str) -> Value {
    let body = json!({"room": room, "text": text, "key": text});
    user.post("/api/messages/", body).await.json()
}

#[tokio::test]
async fn a_store_moves_to_mongodb_and_back_as_it_is() {
    let mut first = App::on_embedded(&[]).await;
    let case = case(&first).await;
    let before = views(&first, &first.log_in("ada").await, &case.paths).await;
    assert!(first.node().terminate().success());
    let original = file(&first, "original");
    done(&export(&first, &original));

    let mut second = stopped(App::on_mongodb(&[]).await);
    done(&import(&second, &original));
    let moved = file(&second, "moved");
    done(&export(&second, &moved));
    assert_eq!(items(&moved), items(&original));

    let third = stopped(App::on_embedded(&[]).await);
    done(&import(&third, &moved));
    let back = file(&third, "back");
    done(&export(&third, &back));
    assert_eq!(items(&back), items(&original));
    for app in [&second, &third] {
        done(&app.run(&["audit", "verify"], ""));
    }

    second.start_again();
    let ada = second.log_in("ada").await;
    assert_eq!(views(&second, &ada, &case.paths).await, before);
    go_on(&second, &ada, &case).await;
}

/// Whoever was here before notices nothing.
async fn go_on(app: &App, ada: &User, case: &Case) {
    let found = ada.get("/api/patients/?name=ضای").await.ok();
    assert_eq!(found["count"], 1, "{found}");
    let again = keyed(ada, &case.room, "as it is").await;
    assert_eq!(again["seq"], 1, "the key is known: {again}");
    let mut socket = app.log_in("bob").await.socket("/ws/").await;
    let (seq, last) = (&case.last["seq"], &case.last["id"]);
    let join = json!({"type": "join", "ref": 1, "room": case.room, "after": seq, "last": last});
    socket.send(join).await;
    let joined = socket.next_of("joined").await;
    assert_eq!((joined.get("diverged"), &joined["seq"]), (None, seq));
}

#[tokio::test]
async fn an_export_that_was_killed_goes_on() {
    let app = clinic().await;
    let (whole, other) = (file(&app, "whole"), file(&app, "other"));
    done(&export(&app, &whole));
    let size = fs::metadata(&whole).unwrap().len();
    let killed = within(app.data_dir(), size * 4 / 5 / 1_024, &["export", other.to_str().unwrap()]);
    assert_eq!(killed.status.signal(), Some(SIGXFSZ), "{}", complaint(&killed));
    assert!(!other.exists());
    let resumed = export(&app, &other);
    done(&resumed);
    assert!(complaint(&resumed).contains("going on with"), "{}", complaint(&resumed));
    assert_eq!(items(&other), items(&whole));
    assert!(!file(&app, "other.part").exists());
}

#[tokio::test]
async fn a_part_of_another_store_is_not_gone_on_with() {
    let (app, other) = (clinic().await, stopped(App::on_embedded(&[]).await));
    let target = file(&app, "target");
    let killed = within(app.data_dir(), 100, &["export", target.to_str().unwrap()]);
    assert_eq!(killed.status.signal(), Some(SIGXFSZ), "{}", complaint(&killed));
    refused(&export(&other, &target), "another store");
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on() {
    let app = clinic().await;
    let (original, copy) = (file(&app, "original"), file(&app, "copy"));
    done(&export(&app, &original));
    // How large the store is when the first commit has ended depends on its tables.
    for kibibytes in (512..).step_by(48) {
        let target = tempfile::tempdir().unwrap();
        let import = ["import", original.to_str().unwrap()];
        let killed = within(target.path(), kibibytes, &import);
        assert!(!killed.status.success(), "no limit was met behind the first commit");
        let resumed = at(target.path(), &import);
        done(&resumed);
        if complaint(&resumed).contains("going on behind line") {
            done(&at(target.path(), &["export", copy.to_str().unwrap()]));
            assert_eq!(items(&copy), items(&original), "killed at {kibibytes} KiB");
            return;
        }
    }
}

#[tokio::test]
async fn an_import_into_mongodb_that_was_killed_goes_on() {
    let app = clinic().await;
    let (original, copy) = (file(&app, "original"), file(&app, "copy"));
    done(&export(&app, &original));
    let target = stopped(App::on_mongodb(&[]).await);
    let hosts = target.mongodb().trim_start_matches("mongodb://").split('/').next().unwrap();
    let (road, told) = Road::until_twice(hosts, "startTransaction");
    let store = format!("mongodb://{}/?directConnection=true", road.place());
    let path = original.to_str().unwrap();
    let mut import_by_road = target.spawn(&["import", path, "--store", &store]);
    told.recv_timeout(Duration::from_mins(1)).expect("a second commit");
    import_by_road.kill().unwrap();
    import_by_road.wait().unwrap();
    let resumed = import(&target, &original);
    done(&resumed);
    assert!(complaint(&resumed).contains("going on behind line"), "{}", complaint(&resumed));
    done(&export(&target, &copy));
    assert_eq!(items(&copy), items(&original));
}

#[tokio::test]
async fn a_part_of_one_import_is_not_mixed_with_another() {
    let app = clinic().await;
    let text = app.run(&["export", "-"], "").stdout;
    let cut = String::from_utf8(text[..text.len() * 9 / 10].to_vec()).unwrap();
    let target = empty().await;
    let broken = target.run(&["import", "-"], &cut);
    refused(&broken, "imported in part, ");
    assert!(!complaint(&broken).contains("part, 0 documents"), "{}", complaint(&broken));
    let original = file(&app, "original");
    done(&export(&app, &original));
    refused(&import(&target, &original), "a part of another import");
    refused(&export(&target, &file(&target, "half")), "a part of an import");
    refused(&target.run(&["serve", "--listen", "127.0.0.1:0"], ""), "a part of an import");
    let superuser = ["createsuperuser", "--username", "root", "--password-stdin"];
    refused(&target.run(&superuser, "long-enough-4-all\n"), "a part of an import");
}

#[tokio::test]
async fn standard_output_is_standard_input() {
    let app = clinic().await;
    let exported = app.run(&["export", "-"], "");
    done(&exported);
    let target = empty().await;
    done(&target.run(&["import", "-"], &String::from_utf8(exported.stdout).unwrap()));
    let (original, copy) = (file(&app, "original"), file(&target, "copy"));
    done(&export(&app, &original));
    done(&export(&target, &copy));
    assert_eq!(items(&copy), items(&original));
}

#[tokio::test]
async fn a_damaged_file_is_refused_before_anything_is_written() {
    let app = stopped(App::start().await);
    done(&app.run(&["demo"], ""));
    let (original, damaged) = (file(&app, "original"), file(&app, "damaged"));
    done(&export(&app, &original));
    let text = fs::read_to_string(&original).unwrap();
    let target = empty().await;
    for broken in
        [text.replacen("Nurses' station", "Nurses? station", 1), text[..text.len() / 2].to_owned()]
    {
        fs::write(&damaged, broken).unwrap();
        refused(&import(&target, &damaged), "cannot be imported");
    }
    done(&import(&target, &original));
}

#[tokio::test]
async fn a_store_that_is_not_empty_is_refused_and_left_alone() {
    let app = clinic().await;
    let original = file(&app, "original");
    done(&export(&app, &original));
    let mut target = App::start().await;
    target.patient("ada").await;
    assert!(target.node().terminate().success());
    refused(&import(&target, &original), "not empty");
    target.start_again();
    target.log_in("ada").await;
}

#[tokio::test]
async fn an_export_is_private_and_replaces_nothing() {
    let app = empty().await;
    let target = file(&app, "export");
    done(&export(&app, &target));
    let mode = fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    refused(&export(&app, &target), "there already");
}

#[tokio::test]
async fn an_embedded_store_that_is_in_use_or_not_there_is_named() {
    let app = App::on_embedded(&[]).await;
    refused(&export(&app, &file(&app, "export")), "in use");
    let nowhere = file(&app, "nowhere");
    let mut command = process::ihs(["export", "-"]);
    command.args(process::data_dir(&nowhere));
    refused(&process::run(&mut command, ""), "--data-dir");
    assert!(!nowhere.exists());
}
