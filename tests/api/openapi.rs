//! The OpenAPI document, from the command line and from the node.

use serde_json::Value;

use crate::support::{App, process::ihs};

#[tokio::test]
async fn the_command_prints_what_the_node_serves() {
    let app = App::start().await;
    let served = app.anonymous().get("/api/schema/").await.ok();
    let folder = tempfile::tempdir().unwrap();
    let printed = ihs(["openapi"]).current_dir(folder.path()).output().unwrap();
    assert!(printed.status.success());
    assert_eq!(serde_json::from_slice::<Value>(&printed.stdout).unwrap(), served);
    // Nothing is opened for it, and nothing made.
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
