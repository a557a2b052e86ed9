//! What k8s/ and the Dockerfile say about the binary is so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use ihs_config::{Overrides, Settings};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{
    App,
    process::{complaint, data_dir, ihs, run, shown},
};

/// What an operator puts into the Secret, for one node on this machine.
const SECRET: [(&str, &str); 3] = [
    ("IHS_AUTH__KEY", "a key of the nodes that is long enough"),
    ("IHS_STORE", "embedded"),
    ("IHS_BUS", "local"),
];

/// Longest time between SIGTERM and the end that the settings do not name: clients that were told
/// to go close their sockets, and the store is closed.
const CLOSING: u64 = 5;

/// The overlay as a cluster gets it.
struct Manifests(Vec<Value>);

impl Manifests {
    fn three_nodes() -> Self {
        let mut render = Command::new(root().join("scripts/kubernetes"));
        let output = run(render.args(["render", "k8s/overlays/three-nodes"]), "");
        assert!(output.status.success(), "{}", complaint(&output));
        Self(serde_saphyr::from_multiple(&shown(&output)).unwrap())
    }

    /// The only object of this kind.
    fn the(&self, kind: &str) -> &Value {
        let mut found = self.0.iter().filter(|object| object["kind"] == kind);
        let object = found.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(found.next().is_none(), "more than one {kind}");
        object
    }

    fn pod(&self) -> &Value {
        &self.the("Deployment")["spec"]["template"]["spec"]
    }

    fn container(&self) -> &Value {
        let containers = items(&self.pod()["containers"]);
        assert_eq!(containers.len(), 1);
        &containers[0]
    }

    /// The container's probes, by name.
    fn probes(&self) -> [(&str, &Value); 3] {
        ["startupProbe", "livenessProbe", "readinessProbe"]
            .map(|name| (name, &self.container()[name]["httpGet"]))
    }

    /// The variables that the container is given.
    fn environment(&self) -> Vec<(String, String)> {
        let container = self.container();
        let shared = items(&container["envFrom"]).iter().flat_map(|source| self.config_map(source));
        let own = items(&container["env"]).iter().map(|variable| {
            let name = text(&variable["name"]).to_owned();
            let key = &variable["valueFrom"]["secretKeyRef"]["key"];
            (name, secret(text(key)).to_owned())
        });
        shared.chain(own).collect()
    }

    fn config_map(&self, source: &Value) -> Vec<(String, String)> {
        let map = self.the("ConfigMap");
        assert_eq!(source["configMapRef"]["name"], map["metadata"]["name"]);
        let data = map["data"].as_object().unwrap();
        data.iter().map(|(name, value)| (name.clone(), text(value).to_owned())).collect()
    }

    /// The settings of a node with that environment.
    fn settings(&self) -> Settings {
        load(&self.environment())
    }

    /// A node with that environment, but for its address and folder, and where `IHS_TEST_STORE`
    /// says.
    async fn start(&self) -> App {
        let environment = self.environment();
        let given: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| *name != "IHS_STORE")
            .collect();
        App::with(&given).await
    }
}

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
    let status = app.node().wait();
    assert!(status.success(), "{status}:\n{}", app.said());
    let left = grace_seconds(&manifests) - pause_seconds(&manifests);
    assert!(told.elapsed() < Duration::from_secs(left));
}

#[test]
fn the_grace_period_outlasts_all_that_a_node_does_before_it_ends() {
    let manifests = Manifests::three_nodes();
    let server = manifests.settings().server;
    let needed =
        pause_seconds(&manifests) + server.drain_seconds + server.shutdown_seconds + CLOSING;
    let given = grace_seconds(&manifests);
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

fn load(environment: &[(String, String)]) -> Settings {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Settings::load_from(&Overrides::default(), &environment).unwrap()
}

fn grace_seconds(manifests: &Manifests) -> u64 {
    number(&manifests.pod()["terminationGracePeriodSeconds"])
}

fn pause_seconds(manifests: &Manifests) -> u64 {
    number(&manifests.container()["lifecycle"]["preStop"]["sleep"]["seconds"])
}

fn secret(key: &str) -> &'static str {
    let entry = SECRET.iter().find(|(name, _)| *name == key);
    entry.unwrap_or_else(|| panic!("nobody says what {key} is")).1
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
