//! What is removed when its time is over.

use ihs_store::{Filter, Write};
use serde_json::json;

use crate::{meddler::Mischief, support::App};

/// Keys of requests, all expired but one in a hundred.
async fn fill(app: &App, count: usize) {
    let insert = |number: usize| {
        let expires = if number.is_multiple_of(100) { "9999-01-01" } else { "2000-01-01" };
        let document = json!({"_id": number.to_string(), "expires": expires});
        let document = document.as_object().unwrap().clone();
        Write::Insert { collection: "idempotency", document }
    };
    app.ctx.store.commit((0..count).map(insert).collect()).await.unwrap();
}

async fn left(app: &App) -> u64 {
    app.ctx.store.count("idempotency", Filter::everything()).await.unwrap()
}

#[actix_web::test]
async fn what_has_expired_goes_round_by_round_and_the_rest_stays() {
    let app = App::start().await;
    fill(&app, 1_200).await;
    ihs_api::sweep(&app.ctx).await.unwrap();
    assert_eq!(left(&app).await, 12);
    ihs_api::sweep(&app.ctx).await.unwrap();
    assert_eq!(left(&app).await, 12);
}

#[actix_web::test]
async fn no_round_removes_more_than_five_hundred() {
    let app = App::start().await;
    fill(&app, 1_200).await;
    app.meddler.plan(Mischief::RefuseSecond("idempotency"));
    ihs_api::sweep(&app.ctx).await.unwrap_err();
    assert_eq!(left(&app).await, 700);
}
