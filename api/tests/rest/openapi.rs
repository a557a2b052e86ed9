//! The OpenAPI document: that it is one, and that it tells the truth.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, settings};
use crate::ward::Ward;

/// The document, and what is looked up in it.
struct Document(Value);

impl Document {
    async fn of(app: &App) -> Self {
        Self(app.anonymous().get("/api/schema/").await.is(200).body)
    }

    /// Every operation: path, method, and what is said of it.
    fn operations(&self) -> Vec<(&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap();
                methods.iter().map(move |(method, said)| (path.as_str(), method.as_str(), said))
            })
            .collect()
    }

    /// Checks an answer by what the document says of it.
    #[track_caller]
    fn allows(&self, method: &str, path: &str, answer: &Answer) {
        let status = answer.status.to_string();
        let said = &self.0["paths"][path][method]["responses"][&status];
        let said = self.resolve(said);
        assert!(said.is_object(), "{method} {path} does not say {status}");
        for (name, _) in said["headers"].as_object().unwrap() {
            assert!(!answer.header(name).is_empty(), "{method} {path} {status} without {name}");
        }
        let Some(content) = said["content"].as_object() else {
            return assert_eq!(answer.text, "", "{method} {path} {status}");
        };
        let media_type = answer.header("content-type");
        let schema = self.whole(&content[&media_type]["schema"]);
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&answer.body).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{method} {path} {status}: {faults:?} in {}", answer.text);
    }

    /// A schema with all that it refers to.
    fn whole(&self, schema: &Value) -> Value {
        let mut found = BTreeMap::new();
        let mut left = vec![schema];
        while let Some(next) = left.pop() {
            let mut named = Vec::new();
            references(next, &mut named);
            for reference in named {
                let name = reference.rsplit('/').next().unwrap();
                let known = &self.0["components"]["schemas"][name];
                if found.insert(name, known).is_none() {
                    left.push(known);
                }
            }
        }
        let mut schema = schema.clone();
        schema["components"] = json!({ "schemas": found });
        schema
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.0.pointer(&reference[1..]).unwrap(),
            None => value,
        }
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn it_is_an_openapi_document_whose_references_lead_somewhere() {
    let app = App::start().await;
    let document = Document::of(&app).await;
    assert_eq!(document.0["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(&document.0, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(document.0.pointer(&reference[1..]).is_some(), "{reference}");
    }
    let operations = document.operations();
    let ids: BTreeSet<&str> =
        operations.iter().map(|(.., said)| said["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
    let tags = document.0["tags"].as_array().unwrap();
    for (path, method, said) in operations {
        assert!(tags.iter().any(|tag| tag["name"] == said["tags"][0]), "{method} {path}");
        for step in path.split('/').filter(|step| step.starts_with('{')) {
            let name = step.trim_matches(['{', '}']);
            let parameters = said["parameters"].as_array().unwrap();
            let named = |it: &&Value| it["name"] == name && it["in"] == "path";
            assert_eq!(parameters.iter().filter(named).count(), 1, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn every_schema_in_it_is_one_and_takes_its_example() {
    let app = App::start().await;
    let document = Document::of(&app).await;
    for (path, method, said) in document.operations() {
        let bodies = said["requestBody"]["content"].as_object().into_iter().flatten();
        let answers = said["responses"].as_object().unwrap().values();
        let answers = answers.filter_map(|said| document.resolve(said)["content"].as_object());
        for (media_type, content) in bodies.chain(answers.flatten()) {
            let schema = document.whole(&content["schema"]);
            assert!(jsonschema::meta::is_valid(&schema), "{method} {path} {media_type}");
            let Some(example) = content.get("example") else { continue };
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            let fault = validator.validate(example).err().map(|error| error.to_string());
            assert_eq!(fault, None, "{method} {path} {media_type}: {example}");
        }
    }
}

#[actix_web::test]
async fn it_names_what_every_path_allows_and_nothing_else() {
    let app = App::start().await;
    let root = app.superuser("root").await;
    let document = Document::of(&app).await;
    let paths = document.0["paths"].as_object().unwrap();
    for resource in ihs_api::resources() {
        assert!(paths.contains_key(&format!("/api/{}/", resource.name())), "{}", resource.name());
    }
    for (path, methods) in paths {
        let id = "65f0c0ffee65f0c0ffee65f0";
        let place = path.replace("{id}", id).replace("{username}", "root").replace("{seq}", "1");
        let answer = root.send(Method::OPTIONS, &place, None).await.is(200);
        let allowed = answer.header("allow").to_lowercase();
        let allowed = allowed.split(", ").filter(|name| !["head", "options"].contains(name));
        let named: BTreeSet<&str> =
            methods.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(named, allowed.collect::<BTreeSet<_>>(), "{path}");
    }
}

#[actix_web::test]
async fn what_is_switched_off_is_not_in_it() {
    let mut settings = settings();
    settings.api.plugins = vec!["insurances".to_owned()];
    let app = App::with(settings).await;
    let document = Document::of(&app).await;
    let mut found = Vec::new();
    references(&document.0, &mut found);
    for reference in found {
        assert!(document.0.pointer(&reference[1..]).is_some(), "{reference}");
    }
    let paths = document.0["paths"].as_object().unwrap();
    assert!(paths.contains_key("/api/insurances/{id}/"));
    let off = ihs_api::resources().map(ihs_api::Resource::name).filter(|it| *it != "insurances");
    for name in off {
        let base = format!("/api/{name}/");
        assert!(!paths.keys().any(|path| path.starts_with(&base)), "{name}");
        app.anonymous().get(&base).await.is(404);
    }
}

#[actix_web::test]
async fn every_parameter_of_a_list_is_accepted_and_no_other() {
    let app = App::start().await;
    let root = app.superuser("root").await;
    let document = Document::of(&app).await;
    for resource in ihs_api::resources() {
        let path = format!("/api/{}/", resource.name());
        for parameter in document.0["paths"][&path]["get"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let value = value_for(&document, parameter);
            let answer = root.get(&format!("{path}?{name}={value}")).await;
            assert_eq!(answer.status, 200, "{path}?{name}={value}: {}", answer.text);
            document.allows("get", &path, &answer);
        }
        let odd = root.get(&format!("{path}?nobody__in=1")).await.is(400);
        document.allows("get", &path, &odd);
    }
}

/// Something that the schema of a parameter takes.
fn value_for(document: &Document, parameter: &Value) -> String {
    let mut schema = document.resolve(&parameter["schema"]);
    while let Some(choice) = schema["anyOf"].get(0).or(schema.get("items")) {
        schema = document.resolve(choice);
    }
    if let Some(example) = schema["examples"][0].as_str() {
        return example.to_owned();
    }
    match (schema["enum"][0].as_str(), schema["format"].as_str(), schema["type"].as_str()) {
        (Some(choice), ..) => choice.to_owned(),
        (_, Some("date-time"), _) => "2026-05-01T09:30:00Z".to_owned(),
        (_, Some("cursor"), _) => String::new(),
        (_, _, Some("integer" | "number")) => "1".to_owned(),
        _ => "x".to_owned(),
    }
}

#[actix_web::test]
async fn what_is_answered_is_what_it_says() {
    let app = App::start().await;
    let root = app.superuser("root").await;
    let ada = app.patient("ada").await;
    app.doctor("bob").await;
    let document = Document::of(&app).await;
    let check = |method: &str, path: &str, answer: &Answer| document.allows(method, path, answer);

    let login = json!({"username": "ada", "password": crate::support::PASSWORD});
    check("post", "/api/token/", &app.anonymous().post("/api/token/", login).await.is(200));
    let wrong = json!({"username": "ada", "password": "x"});
    check("post", "/api/token/", &app.anonymous().post("/api/token/", wrong).await.is(400));
    check("post", "/api/ws-ticket/", &ada.post("/api/ws-ticket/", json!({})).await.is(200));
    check("get", "/api/", &app.anonymous().get("/api/").await.is(200));
    check("get", "/healthz/", &app.anonymous().get("/healthz/").await.is(200));
    check("get", "/readyz/", &app.anonymous().get("/readyz/").await.is(200));

    let list = "/api/insurances/";
    let made = root.post(list, json!({"orgname": "Aurora"})).await.is(201);
    check("post", list, &made);
    check("post", list, &root.post(list, json!({"orgname": "Aurora"})).await.is(400));
    check("post", list, &ada.post(list, json!({"orgname": "x"})).await.is(403));
    check("post", list, &app.anonymous().post(list, json!({})).await.is(401));
    check("get", list, &ada.get(list).await.is(200));
    check("get", list, &ada.get("/api/insurances/?cursor=").await.is(200));
    let one = format!("{list}{}/", made.text_at("/id"));
    let stale = root.with("if-match", "\"9-0\"").put(&one, json!({"orgname": "y"})).await;
    check("put", "/api/insurances/{id}/", &stale.is(412));
    let odd = root.with("accept", "application/problem+json").patch(&one, json!([])).await;
    check("patch", "/api/insurances/{id}/", &odd.is(400));
    check("delete", "/api/insurances/{id}/", &root.delete(&one).await.is(204));
    check("get", "/api/insurances/{id}/", &root.get(&one).await.is(404));

    for (kind, name) in [("users", "ada"), ("patients", "ada"), ("doctors", "bob")] {
        let path = format!("/api/{kind}/{{username}}/");
        check("get", &path, &root.get(&format!("/api/{kind}/{name}/")).await.is(200));
        check("get", &path, &root.get(&format!("/api/{kind}/nobody/")).await.is(404));
        let list = format!("/api/{kind}/");
        check("get", &list, &ada.get(&list).await.is(200));
    }

    let room = ada.post("/api/rooms/", json!({"name": "x", "members": ["bob"]})).await.is(201);
    check("post", "/api/rooms/", &room);
    let room = room.text_at("/id");
    let said = ada.post("/api/messages/", json!({"room": room, "text": "hello"})).await.is(201);
    check("post", "/api/messages/", &said);
    check("get", "/api/messages/", &ada.get("/api/messages/").await.is(200));
    check("get", "/api/rooms/", &ada.get("/api/rooms/").await.is(200));
    let log = ada.get(&format!("/api/rooms/{room}/messages/")).await.is(200);
    check("get", "/api/rooms/{id}/messages/", &log);
    let receipts = ada.get(&format!("/api/rooms/{room}/messages/1/receipts/")).await.is(200);
    check("get", "/api/rooms/{id}/messages/{seq}/receipts/", &receipts);
    let left = ada.post(&format!("/api/rooms/{room}/leave/"), json!({})).await.is(204);
    check("post", "/api/rooms/{id}/leave/", &left);
}

#[actix_web::test]
async fn a_form_may_leave_empty_what_it_says_and_nothing_else() {
    let ward = Ward::start().await;
    let (app, staff) = (&ward.app, &ward.staff);
    let cat = app.patient("cat").await;
    ward.reserved(&cat, 60, 90).await;
    let mut medicine = Value::Null;
    for (list, body) in [
        ("insurances", json!({"orgname": "Aurora"})),
        ("specialities", json!({"name": "tea"})),
        ("diseases", json!({"name": "thirst"})),
        ("medicines", json!({"name": "tea"})),
    ] {
        let made = staff.post(&format!("/api/{list}/"), body).await.is(201);
        medicine = made.body["id"].clone();
    }
    let dose = json!({"medicine": medicine, "dose": "1 cup", "frequency": "daily", "days": 7});
    let treatment = json!({"patient": "cat", "subject": "thirst", "medicines": [dose]});
    ward.doctor.post("/api/treatments/", treatment).await.is(201);
    let document = Document::of(app).await;
    let mut tried = 0;
    for (path, method, said) in document.operations() {
        let media_type = "application/x-www-form-urlencoded";
        let form = &said["requestBody"]["content"][media_type]["schema"];
        let list = path.split('{').next().unwrap();
        if method != "patch" || form.is_null() {
            continue;
        }
        let is_doctors = ["/api/treatments/", "/api/appointments/"].contains(&list);
        let owner = if is_doctors { &ward.doctor } else { staff };
        let first = owner.get(list).await.is(200).body["results"][0].clone();
        let Some(key) = first["id"].as_str().or(first["username"].as_str()) else { continue };
        let place = format!("{list}{key}/");
        for (name, schema) in document.resolve(form)["properties"].as_object().unwrap() {
            let schema = document.whole(schema);
            let validator = jsonschema::draft202012::options().should_validate_formats(true);
            let empty = validator.build(&schema).unwrap().is_valid(&json!(""));
            let answer = owner.raw(Method::PATCH, &place, media_type, &format!("{name}=")).await;
            assert_eq!(empty, answer.status != 400, "{place} {name}: {}", answer.text);
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[actix_web::test]
async fn it_is_served_in_both_types_and_told_apart_by_its_tag() {
    let app = App::start().await;
    let plain = app.anonymous().get("/api/schema/?format=openapi-json").await.is(200);
    assert_eq!(plain.header("content-type"), "application/json");
    let named = app.anonymous().with("accept", "application/vnd.oai.openapi+json");
    let named = named.get("/api/schema").await.is(200);
    assert_eq!(named.header("content-type"), "application/vnd.oai.openapi+json");
    assert_eq!(named.body, plain.body);
    let again = app.anonymous().with("if-none-match", plain.header("etag"));
    again.get("/api/schema/").await.is(304);
    app.anonymous().with("accept", "text/html").get("/api/schema/").await.is(406);
}

#[actix_web::test]
async fn its_page_loads_nothing_from_elsewhere() {
    let app = App::start().await;
    let browser = app.anonymous().with("accept", "text/html,*/*;q=0.8");
    let page = browser.get("/api/docs/").await.is(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let rules = page.header("content-security-policy");
    assert!(rules.starts_with("default-src 'none'; script-src 'sha256-"), "{rules}");
    assert!(!page.text.contains("://"));
    assert!(!page.text.contains("innerHTML"));
    app.anonymous().with("accept", "application/json").get("/api/docs/").await.is(406);
}
