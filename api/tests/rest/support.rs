//! An application over a store of its own, and people who use it.

use std::{net::SocketAddr, rc::Rc, sync::Arc};

use actix_http::Request;
use actix_web::{
    App as ActixApp,
    body::to_bytes,
    dev::{Service, ServiceResponse},
    http::{Method, header::HeaderMap},
    test::{TestRequest, init_service},
};
use futures_util::future::LocalBoxFuture;
use ihs_actors::{Hub, LocalBus, Parts};
use ihs_api::{Ctx, configure, create_superuser};
use ihs_config::Settings;
use ihs_store::{Change, Filter, ObjectIds, Store, SystemClock, Write, embedded::Embedded};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::meddler::Meddler;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse";

type Serve = Rc<dyn Fn(Request) -> LocalBoxFuture<'static, Answer>>;

/// The application.
pub(crate) struct App {
    serve: Serve,
    pub(crate) ctx: Ctx,
    pub(crate) meddler: Arc<Meddler>,
    _folder: TempDir,
}

/// Somebody who sends requests, with or without a token.
#[derive(Clone)]
pub(crate) struct Client {
    serve: Serve,
    pub(crate) name: String,
    pub(crate) token: Option<String>,
    pub(crate) refresh: String,
    headers: Vec<(String, Vec<u8>)>,
    address: Option<SocketAddr>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

/// Settings that are quick and otherwise as they come.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.auth.argon2_memory_kib = 64;
    settings.auth.argon2_passes = 1;
    settings
}

impl App {
    /// With the usual settings.
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    /// With settings of one's own.
    pub(crate) async fn with(mut settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        folder.path().clone_into(&mut settings.server.data_dir);
        let store = Embedded::open(folder.path(), &settings.store).await.unwrap();
        let meddler = Arc::new(Meddler::new(Arc::new(store)));
        let store: Arc<dyn Store> = Arc::<Meddler>::clone(&meddler);
        let hub = Hub::new(Parts {
            store: Arc::clone(&store),
            bus: Arc::new(LocalBus::default()),
            clock: Arc::new(SystemClock),
            ids: Arc::new(ObjectIds),
            settings: Arc::new(settings.clone()),
        });
        let ctx = Ctx::new(settings, store, hub).unwrap();
        ctx.prepare().await.unwrap();
        let app = ActixApp::new().configure(|cfg| configure(cfg, &ctx));
        let service = Rc::new(init_service(app).await);
        let serve: Serve = Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move { Answer::of(service.call(request).await.unwrap()).await })
        });
        Self { serve, ctx, meddler, _folder: folder }
    }

    /// Nobody known.
    pub(crate) fn anonymous(&self) -> Client {
        Client {
            serve: Rc::clone(&self.serve),
            name: String::new(),
            token: None,
            refresh: String::new(),
            headers: Vec::new(),
            address: None,
        }
    }

    /// A patient who has just signed up.
    pub(crate) async fn patient(&self, name: &str) -> Client {
        self.sign_up(name, "patient").await
    }

    /// A doctor who has just signed up.
    pub(crate) async fn doctor(&self, name: &str) -> Client {
        self.sign_up(name, "doctor").await
    }

    /// A doctor or nurse whom staff have verified.
    pub(crate) async fn provider(&self, name: &str, kind: &str, staff: &Client) -> Client {
        let provider = self.sign_up(name, kind).await;
        let path = format!("/api/doctors/{name}/");
        staff.patch(&path, json!({"verified": true})).await.is(200);
        provider
    }

    /// Binds a patient to a doctor, as a reserved appointment does.
    pub(crate) async fn bind(&self, patient: &str, doctor: &str) {
        let bind = Write::Update {
            collection: "patients",
            filter: Filter::eq("user", patient),
            change: Change::default().and_include("_treated_by", doctor),
        };
        self.ctx.store.commit(vec![bind]).await.unwrap();
    }

    /// An appointment between them; gives its id.
    pub(crate) async fn appointment(&self, patient: &str, doctor: &str, status: &str) -> String {
        let id = self.ctx.ids.record();
        let document = json!({
            "_id": id, "_version": 1, "patient": patient, "doctor": doctor, "status": status,
        });
        let document = document.as_object().unwrap().clone();
        let insert = Write::Insert { collection: "appointments", document };
        self.ctx.store.commit(vec![insert]).await.unwrap();
        id
    }

    /// A superuser.
    pub(crate) async fn superuser(&self, name: &str) -> Client {
        create_superuser(&self.ctx, name, "root@example.org", PASSWORD).await.unwrap();
        self.log_in(name).await
    }

    /// Somebody of the staff.
    pub(crate) async fn staff(&self, name: &str) -> Client {
        let root = self.superuser(&format!("{name}-root")).await;
        root.post("/api/users/", account(name, "staff")).await.is(201);
        self.log_in(name).await
    }

    /// Signs somebody up and logs them in.
    pub(crate) async fn sign_up(&self, name: &str, kind: &str) -> Client {
        self.anonymous().post("/api/users/", account(name, kind)).await.is(201);
        self.log_in(name).await
    }

    /// Logs somebody in.
    pub(crate) async fn log_in(&self, name: &str) -> Client {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = self.anonymous().post("/api/token/", body).await.is(200);
        let mut client = self.anonymous();
        name.clone_into(&mut client.name);
        client.token = answer.body["token"].as_str().map(str::to_owned);
        client.refresh = answer.text_at("/refresh");
        client
    }
}

/// What somebody sends to sign up.
pub(crate) fn account(name: &str, kind: &str) -> Value {
    json!({"username": name, "password": PASSWORD, "userType": kind, "email": "a@example.org"})
}

impl Client {
    /// The same with a header more.
    pub(crate) fn with(&self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.as_ref().to_owned()));
        client
    }

    /// The same from this address.
    pub(crate) fn at(&self, address: &str) -> Self {
        let address = SocketAddr::new(address.parse().unwrap(), 50_000);
        Self { address: Some(address), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// A request with a body of JSON, or none.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        match body {
            Some(body) => self.raw(method, path, "application/json", &body.to_string()).await,
            None => self.go(self.request(method, path)).await,
        }
    }

    /// A request with a body of any kind.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> Answer {
        let request = self.request(method, path).insert_header(("content-type", content_type));
        self.go(request.set_payload(body.to_owned())).await
    }

    fn request(&self, method: Method, path: &str) -> TestRequest {
        let mut request =
            TestRequest::with_uri(path).method(method).insert_header(("host", "clinic.example"));
        if let Some(token) = &self.token {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        if let Some(address) = self.address {
            request = request.peer_addr(address);
        }
        for (name, value) in &self.headers {
            request = request.insert_header((name.as_str(), value.as_slice()));
        }
        request
    }

    async fn go(&self, request: TestRequest) -> Answer {
        (self.serve)(request.to_request()).await
    }
}

impl Answer {
    async fn of<B: actix_web::body::MessageBody>(response: ServiceResponse<B>) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = to_bytes(response.into_body()).await.map_err(|_| "no body").unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, body }
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Checks the whole body.
    #[track_caller]
    pub(crate) fn says(self, body: &Value) -> Self {
        assert_eq!(&self.body, body);
        self
    }

    /// Checks status and `detail`.
    #[track_caller]
    pub(crate) fn details(self, status: u16, detail: &str) -> Self {
        self.is(status).says(&json!({ "detail": detail }))
    }

    /// Checks that it asks for credentials, in these words.
    #[track_caller]
    pub(crate) fn challenges(self, detail: &str) {
        assert_eq!(self.header("www-authenticate"), "Bearer realm=\"api\"", "{}", self.text);
        self.details(401, detail);
    }

    /// The text at a place in the body.
    #[track_caller]
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer} of {}", self.text)).to_owned()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// One field of every row of a list.
    pub(crate) fn column(&self, field: &str) -> Vec<String> {
        let rows = self.body["results"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}
