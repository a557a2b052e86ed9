//! What k8s/ and the Dockerfile say about the binary is so.

use std::{
    fs,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    manifests::{Manifests, SECRET, items, load, number, root, text},
    support::process::{complaint, data_dir, ihs, run},
};

/// Longest time between SIGTERM and the end that the settings do not name: clients that were told
/// to go close their sockets, and the store is closed.
const CLOSING: u64 = 5;

#[tokio::test]
async fn the_probes_of_a_node_that_serves_are_answered() {
    let manifests = Manifests::three_nodes();
    let app = manifests.start().await;
    for (name, probe) in manifests.probes() {
        let path = text(&probe["path"]);
        for path in [path, path.trim_end_matches('/')] {
            let answer = app.anonymous().get(path).await;
            assert_eq!(answer.status, 200, "{name} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_node_that_is_told_to_stop_is_alive_but_not_ready_and_ends_in_time() {
    let manifests = Manifests::three_nodes();
    let mut app = manifests.start().await;
    let [_, liveness, readiness] = manifests.probes().map(|(_, probe)| text(&probe["path"]));
    // A client that is slow to close keeps the node draining while it is looked at.
    let ada = app.patient("ada").await;
    let mut socket = ada.socket("/ws/").await;
    let told = Instant::now();
    app.node().signal(Signal::SIGTERM);
    app.until("not ready", async || app.anonymous().get(readiness).await.status == 503).await;
    app.anonymous().get(liveness).await.ok();
    assert_eq!(socket.closed().await, 1012);
    drop(socket);
    let status = app.node().wait();
    assert!(status.success(), "{status}:\n{}", app.said());
    let left = manifests.grace_seconds() - manifests.pause_seconds();
    assert!(told.elapsed() < Duration::from_secs(left));
}

#[test]
fn the_grace_period_outlasts_all_that_a_node_does_before_it_ends() {
    let manifests = Manifests::three_nodes();
    let server = manifests.settings().server;
    let needed =
        manifests.pause_seconds() + server.drain_seconds + server.shutdown_seconds + CLOSING;
    let given = manifests.grace_seconds();
    assert!(given > needed, "{given} s are given, {needed} s may be needed");
}

#[test]
fn readiness_waits_longer_for_the_node_than_the_node_for_its_store() {
    let manifests = Manifests::three_nodes();
    let probe = number(&manifests.container()["readinessProbe"]["timeoutSeconds"]);
    assert!(probe * 1_000 > manifests.settings().store.timeout_ms);
}

#[test]
fn every_port_is_the_one_that_the_node_listens_on() {
    let manifests = Manifests::three_nodes();
    let listen = manifests.settings().server.listen;
    assert!(listen.ip().is_unspecified(), "{listen}");

    let port = &items(&manifests.container()["ports"])[0];
    assert_eq!(number(&port["containerPort"]), u64::from(listen.port()));
    let name = &port["name"];
    let service = &items(&manifests.the("Service")["spec"]["ports"])[0];
    let network = &items(&manifests.the("NetworkPolicy")["spec"]["ingress"])[0]["ports"][0];
    assert_eq!((&service["targetPort"], &network["port"]), (name, name));
    for (probe, request) in manifests.probes() {
        assert_eq!(&request["port"], name, "{probe}");
    }
}

#[test]
fn everything_selects_the_pods_that_the_deployment_makes() {
    let manifests = Manifests::three_nodes();
    let deployment = &manifests.the("Deployment")["spec"];
    let labels = &deployment["template"]["metadata"]["labels"];
    assert_eq!(&deployment["selector"]["matchLabels"], labels);
    assert_eq!(&manifests.the("Service")["spec"]["selector"], labels);
    assert_eq!(&manifests.the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels);
    let budget = &manifests.the("PodDisruptionBudget")["spec"];
    assert_eq!(&budget["selector"]["matchLabels"], labels);
    for spread in items(&manifests.pod()["topologySpreadConstraints"]) {
        assert_eq!(&spread["labelSelector"]["matchLabels"], labels);
    }
}

#[test]
fn a_misspelt_name_in_the_manifests_would_not_start() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in Manifests::three_nodes().environment() {
        let misspelt = format!("{name}S");
        let mut command = ihs(["serve", "--listen", "127.0.0.1:0"]);
        let output = run(command.args(data_dir(folder.path())).env(&misspelt, value), "");
        assert_eq!(output.status.code(), Some(2), "{misspelt}: {}", complaint(&output));
    }
}

#[test]
fn the_instructions_name_every_key_of_the_secret() {
    let readme = fs::read_to_string(root().join("k8s/README.md")).unwrap();
    for (key, _) in SECRET {
        assert!(readme.contains(&format!("\n{key}=")), "{key}");
    }
}

#[test]
fn the_image_listens_on_the_port_that_it_exposes() {
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let environment: Vec<(String, String)> = dockerfile
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .filter(|(name, _)| name.starts_with("IHS_"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let server = load(&environment).server;
    assert!(server.listen.ip().is_unspecified(), "{}", server.listen);
    let folder = server.data_dir.display();
    for line in [format!("EXPOSE {}", server.listen.port()), format!("VOLUME {folder}")] {
        assert!(dockerfile.lines().any(|other| other == line), "{line}");
    }
}
