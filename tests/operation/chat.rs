//! `ihs chat`, as scripts use it.

use std::process::Command;

use crate::support::{
    App,
    app::PASSWORD,
    process::{complaint, ihs, run, shown},
    terminal::Terminal,
};

fn chat(app: &App, username: &str) -> Command {
    ihs(["chat", app.url(), "--username", username, "--password-stdin"])
}

/// A chat client that is logged in, in its direct room with the other one.
fn in_room(app: &App, username: &str, other: &str) -> Terminal {
    let mut terminal = Terminal::start(&mut chat(app, username));
    terminal.types(PASSWORD);
    terminal.types(&format!("/direct {other}"));
    terminal.sees(&format!("You are in {other}."));
    terminal
}

async fn ada_and_bob() -> App {
    let app = App::start().await;
    app.patient("ada").await;
    app.doctor("bob").await;
    app
}

#[tokio::test]
async fn a_script_says_its_lines_and_ends() {
    let app = ada_and_bob().await;
    let script = format!("{PASSWORD}\n/direct bob\none\ntwo\nthree\n");
    let output = run(&mut chat(&app, "ada"), &script);
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!(shown(&output), "ada: one\nada: two\nada: three\n");
    let read = run(&mut chat(&app, "bob"), &format!("{PASSWORD}\n/direct ada\n"));
    assert_eq!(shown(&read), "ada: one\nada: two\nada: three\n");
}

#[tokio::test]
async fn both_see_what_either_says_in_one_order() {
    let app = ada_and_bob().await;
    let (mut ada, mut bob) = (in_room(&app, "ada", "bob"), in_room(&app, "bob", "ada"));
    ada.types("Good morning");
    bob.sees("ada: Good morning\n");
    bob.types("Good morning Ada");
    ada.sees("bob: Good morning Ada\n");
    assert!(ada.end().success() && bob.end().success());
}

#[tokio::test]
async fn rooms_are_listed_and_joined_by_number() {
    let app = ada_and_bob().await;
    run(&mut chat(&app, "bob"), &format!("{PASSWORD}\n/direct ada\nhello\n"));
    let script = format!("{PASSWORD}\n/rooms\n/join 1\n");
    let output = run(&mut chat(&app, "ada"), &script);
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!(shown(&output), "1  bob (1 unread)\nbob: hello\n");
}

#[tokio::test]
async fn earlier_messages_are_shown_when_asked_for() {
    let app = ada_and_bob().await;
    let lines: Vec<String> = (1..=25).map(|number| format!("message {number}")).collect();
    let script = format!("{PASSWORD}\n/direct bob\n{}\n", lines.join("\n"));
    assert!(run(&mut chat(&app, "ada"), &script).status.success());
    let read = run(&mut chat(&app, "bob"), &format!("{PASSWORD}\n/direct ada\n/history\n"));
    let shown = shown(&read);
    for line in &lines {
        let line = format!("ada: {line}\n");
        assert_eq!(shown.matches(&line).count(), 1, "{line} in\n{shown}");
    }
}

#[tokio::test]
async fn a_restart_of_the_server_loses_and_doubles_nothing() {
    let mut app = ada_and_bob().await;
    let (mut ada, mut bob) = (in_room(&app, "ada", "bob"), in_room(&app, "bob", "ada"));
    ada.types("before");
    bob.sees("ada: before\n");
    for crash in [App::restart, App::kill9] {
        crash(&mut app);
        ada.types("after");
        ada.types("and on");
    }
    bob.types("heard");
    ada.sees("bob: heard\n");
    assert!(ada.end().success() && bob.end().success());
    for terminal in [&ada, &bob] {
        let said: Vec<String> = terminal
            .shown()
            .lines()
            .filter(|line| line.starts_with("ada: "))
            .map(ToOwned::to_owned)
            .collect();
        let expected = ["ada: before", "ada: after", "ada: and on", "ada: after", "ada: and on"];
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn a_token_that_expires_is_renewed() {
    let app = App::with(&[("IHS_AUTH__ACCESS_SECONDS", "2")]).await;
    app.patient("ada").await;
    app.doctor("bob").await;
    let mut ada = in_room(&app, "ada", "bob");
    let later = app.log_in("ada").await;
    let has_ended = async || later.get("/api/users/ada/").await.status == 401;
    app.until("a token that was issued later has ended", has_ended).await;
    ada.types("still here");
    ada.sees("ada: still here\n");
    assert!(ada.end().success());
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let app = ada_and_bob().await;
    let output = run(&mut chat(&app, "ada"), "wrong password\n");
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(said.contains("Unable to log in with provided credentials."), "{said}");
}

#[tokio::test]
async fn a_line_that_is_refused_is_told_and_ends_in_failure() {
    let app = App::with(&[("IHS_LIMITS__MESSAGE_CHARS", "10")]).await;
    app.patient("ada").await;
    app.doctor("bob").await;
    let script = format!("{PASSWORD}\n/direct bob\nmuch too long a line\nshort\n");
    let output = run(&mut chat(&app, "ada"), &script);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(shown(&output), "ada: short\n");
}

#[test]
fn a_node_that_is_not_there_is_told() {
    let address = "http://127.0.0.1:1";
    let output = run(&mut ihs(["chat", address, "--username", "ada", "--password-stdin"]), "x\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("cannot be reached"), "{}", complaint(&output));
}

#[test]
fn an_address_that_is_none_is_bad_usage() {
    let output = run(&mut ihs(["chat", "nowhere", "--username", "ada", "--password-stdin"]), "x\n");
    assert_eq!(output.status.code(), Some(2));
}
