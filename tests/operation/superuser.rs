//! `ihs createsuperuser`.

use crate::support::{
    App,
    process::{complaint, shown},
};

const ARGUMENTS: [&str; 4] = ["createsuperuser", "--username", "root", "--password-stdin"];

#[tokio::test]
async fn a_superuser_can_log_in_and_sees_everybody() {
    let mut app = App::start().await;
    app.patient("ada").await;
    let root = app.superuser("root").await;
    root.get("/api/patients/ada/").await.ok();
}

#[tokio::test]
async fn a_superuser_is_recorded_before_the_command_ends() {
    let mut app = App::start().await;
    assert!(app.node().terminate().success());
    let made = app.run(&ARGUMENTS, "long-enough-4-all\n");
    assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    assert!(!complaint(&made).contains("ERROR"), "{}", complaint(&made));
    let verified = app.run(&["audit", "verify"], "");
    assert!(shown(&verified).starts_with("1:"), "{}", shown(&verified));
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused() {
    let mut app = App::start().await;
    app.superuser("root").await;
    assert!(app.node().terminate().success());
    let again = app.run(&ARGUMENTS, "another password\n");
    assert_eq!(again.status.code(), Some(1), "{}", complaint(&again));
    assert!(complaint(&again).contains("already exists"), "{}", complaint(&again));
}

#[tokio::test]
async fn a_password_that_is_too_short_is_refused() {
    let mut app = App::start().await;
    assert!(app.node().terminate().success());
    let made = app.run(&ARGUMENTS, "short\n");
    assert_eq!(made.status.code(), Some(1), "{}", complaint(&made));
    assert!(!complaint(&made).contains("short\n"), "{}", complaint(&made));
}

#[tokio::test]
async fn without_anybody_to_ask_the_password_must_be_given() {
    let mut app = App::start().await;
    assert!(app.node().terminate().success());
    let made = app.run(&["createsuperuser", "--username", "root"], "");
    assert_eq!(made.status.code(), Some(2), "{}", complaint(&made));
    assert!(complaint(&made).contains("--password-stdin"), "{}", complaint(&made));
}
