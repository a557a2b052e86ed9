//! Records, from the first request to the last.

use serde_json::json;

use crate::support::App;

#[tokio::test]
async fn a_record_lives_from_post_to_delete() {
    let mut app = App::start().await;
    let staff = app.superuser("root").await;
    let made = staff.post("/api/insurances/", json!({"orgname": "Aurora Mutual"})).await.created();
    let path = format!("/api/insurances/{}/", made["id"].as_str().unwrap());
    let patched = staff.patch(&path, json!({"orgname": "Aurora Health"})).await.ok();
    assert_eq!(patched["orgname"], "Aurora Health");
    assert_eq!(staff.get("/api/insurances/?name=aurora").await.ok()["count"], 1);
    staff.delete(&path).await.no_content();
    staff.get(&path).await.not_found();
}

#[tokio::test]
async fn a_catalogue_is_read_by_all_and_written_by_staff() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    ada.get("/api/insurances/").await.ok();
    ada.post("/api/insurances/", json!({"orgname": "Aurora Mutual"})).await.forbidden();
    app.anonymous().get("/api/insurances/").await.with_status(401);
}
