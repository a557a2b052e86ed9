//! Several nodes over one MongoDB and one bus.

use super::{App, process::Node, user::User};

/// Nodes that serve the same people.
pub(crate) struct Town {
    pub(crate) app: App,
    others: Vec<Node>,
}

impl Town {
    /// So many nodes with this bus.
    pub(crate) async fn of(nodes: usize, bus: &str) -> Self {
        Self::with(nodes, bus, &[]).await
    }

    /// So many nodes with this bus and these settings.
    pub(crate) async fn with(nodes: usize, bus: &str, settings: &[(&str, &str)]) -> Self {
        let mut variables = vec![("IHS_BUS", bus), ("IHS_LIMITS__MESSAGES_PER_SECOND", "0")];
        variables.extend(settings);
        let app = App::on_mongodb(&variables).await;
        let others = (1..nodes).map(|_| app.another_node()).collect();
        Self { app, others }
    }

    /// A user at a node, from 0.
    pub(crate) fn at(&self, node: usize, user: &User) -> User {
        match node.checked_sub(1) {
            None => user.clone(),
            Some(other) => App::there(&self.others[other], user),
        }
    }

    /// A node other than the first.
    pub(crate) fn other(&self, node: usize) -> &Node {
        &self.others[node - 1]
    }

    /// Ends a node other than the first, as a crash would.
    pub(crate) fn kill(&mut self, node: usize) {
        self.others[node - 1].kill();
    }

    /// Waits until every node says this of its bus.
    pub(crate) async fn until_bus_is(&self, wanted: &str) {
        for node in 0..=self.others.len() {
            let visitor = self.at(node, &self.app.anonymous());
            let what = format!("node {node} says that its bus is {wanted}");
            self.app
                .until(&what, async || visitor.get("/readyz").await.ok()["bus"] == wanted)
                .await;
        }
    }
}
