//! One operation as data.

use serde_json::{Map, Value, json};

use super::errors;

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody; credentials are not looked at.
    Public,
    /// Anybody; but credentials, where there are some, must be good.
    Optional,
    /// Users.
    Users,
}

/// One method at one path.
pub(super) struct Operation {
    /// The path.
    pub(super) path: String,
    /// The method, in small letters.
    pub(super) method: &'static str,
    /// The unique name.
    pub(super) id: String,
    /// The group that it belongs to.
    pub(super) tag: &'static str,
    /// What it does, in a few words.
    pub(super) summary: String,
    /// What else there is to say.
    pub(super) about: String,
    /// Who may call it.
    pub(super) access: Access,
    /// What may stand in the path, the query and the headers.
    pub(super) parameters: Vec<Value>,
    /// The body that it takes.
    pub(super) body: Option<Value>,
    /// What it answers when all is well, by status.
    pub(super) answers: Vec<(&'static str, Value)>,
    /// What else it answers, apart from what every operation may.
    pub(super) errors: Vec<u16>,
}

impl Operation {
    /// Nothing but a method at a path.
    pub(super) fn new(
        method: &'static str,
        path: impl Into<String>,
        id: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            method,
            id: id.into(),
            tag: "",
            summary: String::new(),
            about: String::new(),
            access: Access::Users,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// What it answers when all is well.
    pub(super) fn answering(mut self, status: &'static str, answer: Value) -> Self {
        self.answers.push((status, answer));
        self
    }

    /// What else it answers, although others of its access do not.
    pub(super) fn failing(mut self, status: u16) -> Self {
        self.errors.push(status);
        self
    }

    /// As the document has it.
    pub(super) fn into_value(self) -> Value {
        let responses = self.responses();
        let mut said = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "security": security(self.access),
            "responses": responses,
        });
        let Value::Object(map) = &mut said else { return said };
        if !self.about.is_empty() {
            map.insert("description".to_owned(), self.about.into());
        }
        if !self.parameters.is_empty() {
            map.insert("parameters".to_owned(), self.parameters.into());
        }
        if let Some(body) = self.body {
            map.insert("requestBody".to_owned(), body);
        }
        said
    }

    fn responses(&self) -> Map<String, Value> {
        let mut statuses: Vec<u16> = errors::EVERYWHERE.to_vec();
        if self.access != Access::Public {
            statuses.extend(errors::WATCHED);
        }
        if self.body.is_some() {
            statuses.extend(errors::WITH_A_BODY);
        }
        statuses.extend(&self.errors);
        statuses.sort_unstable();
        statuses.dedup();
        let answers = self.answers.iter().map(|(status, it)| ((*status).to_owned(), it.clone()));
        answers.chain(statuses.into_iter().map(errors::reference)).collect()
    }
}

fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::Optional => json!([{}, { "bearer": [] }, { "token": [] }]),
        Access::Users => json!([{ "bearer": [] }, { "token": [] }]),
    }
}
