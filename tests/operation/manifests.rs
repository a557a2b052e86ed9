//! k8s/ as a cluster gets it, and what its container is given.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use ihs_config::{Overrides, Settings};
use serde_json::Value;

use crate::support::{
    App,
    process::{complaint, run, shown},
};

/// What an operator puts into the Secret, for one node on this machine.
pub(crate) const SECRET: [(&str, &str); 3] = [
    ("IHS_AUTH__KEY", "a key of the nodes that is long enough"),
    ("IHS_STORE", "embedded"),
    ("IHS_BUS", "redis://127.0.0.1:1/"),
];

/// The overlay as a cluster gets it.
pub(crate) struct Manifests(Vec<Value>);

impl Manifests {
    /// Renders the overlay.
    pub(crate) fn three_nodes() -> Self {
        let mut render = Command::new(root().join("scripts/kubernetes"));
        let output = run(render.args(["render", "k8s/overlays/three-nodes"]), "");
        assert!(output.status.success(), "{}", complaint(&output));
        Self(serde_saphyr::from_multiple(&shown(&output)).unwrap())
    }

    /// The only object of this kind.
    pub(crate) fn the(&self, kind: &str) -> &Value {
        let mut found = self.0.iter().filter(|object| object["kind"] == kind);
        let object = found.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(found.next().is_none(), "more than one {kind}");
        object
    }

    /// What each pod is made of.
    pub(crate) fn pod(&self) -> &Value {
        &self.the("Deployment")["spec"]["template"]["spec"]
    }

    /// The only container of a pod.
    pub(crate) fn container(&self) -> &Value {
        let containers = items(&self.pod()["containers"]);
        assert_eq!(containers.len(), 1);
        &containers[0]
    }

    /// The container's probes, by name.
    pub(crate) fn probes(&self) -> [(&str, &Value); 3] {
        ["startupProbe", "livenessProbe", "readinessProbe"]
            .map(|name| (name, &self.container()[name]["httpGet"]))
    }

    /// What a node has from the decision that it goes to the moment when it is killed.
    pub(crate) fn grace_seconds(&self) -> u64 {
        number(&self.pod()["terminationGracePeriodSeconds"])
    }

    /// How much of it passes before the node is told.
    pub(crate) fn pause_seconds(&self) -> u64 {
        number(&self.container()["lifecycle"]["preStop"]["sleep"]["seconds"])
    }

    /// The variables that the container is given.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
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
    pub(crate) fn settings(&self) -> Settings {
        load(&self.environment())
    }

    /// A node with that environment, but for its address and folder, and where `IHS_TEST_STORE`
    /// says.
    pub(crate) async fn start(&self) -> App {
        let environment = self.environment();
        let given: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| *name != "IHS_STORE")
            .collect();
        App::with(&given).await
    }
}

/// The settings of a node that has these variables and no others.
pub(crate) fn load(environment: &[(String, String)]) -> Settings {
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Settings::load_from(&Overrides::default(), &environment).unwrap()
}

fn secret(key: &str) -> &'static str {
    let entry = SECRET.iter().find(|(name, _)| *name == key);
    entry.unwrap_or_else(|| panic!("nobody says what {key} is")).1
}

/// A list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// A text.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A whole number.
pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
