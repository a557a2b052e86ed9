//! Followers: who wants to hear of whom.

use ihs_actors::protocol::Category;
use ihs_store::{Filter, Sort};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::users::{self, IN_PUBLIC};
use crate::{
    Ctx,
    auth::{Caller, Principal},
    error::ApiError,
    fields::{Field, clean::Stage, kind::Kind},
    http::Call,
    viewset::{
        ViewSet,
        hooks::{Checked, Draft, Row},
        notices::Notice,
        policy::{self, Policy, Rule, Scope},
        resource::{Together, down},
    },
};

/// The resource.
pub(crate) struct Followers;

/// That somebody follows somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Follower {
    follower: String,
    followee: String,
}

impl ViewSet for Followers {
    type Record = Follower;
    const NAME: &'static str = "followers";
    const MODEL: &'static str = "Follower";
    const ABOUT: &'static str = "Who wants to hear of whom.";
    const FIELDS: &'static [Field] = &[
        Field::id(),
        Field::person("follower").create_only().filter(),
        Field::person("followee").required().create_only().filter(),
        Field::shown("follower_detail", Kind::Object(IN_PUBLIC)),
        Field::shown("followee_detail", Kind::Object(IN_PUBLIC)),
    ];
    const POLICY: Policy = Policy {
        read: Rule::Users(policy::everything),
        create: Rule::Users(own),
        change: Rule::Users(own),
        delete: Rule::Users(own),
    };
    const ORDER: &'static [Sort] = &[down("_created")];
    const UNIQUE_TOGETHER: &'static [Together] =
        &[Together { index: "follower_followee", fields: &["follower", "followee"] }];

    async fn check(call: &Call, checked: &mut Checked<'_>) -> Result<(), ApiError> {
        if checked.stage != Stage::Create {
            return Ok(());
        }
        let me = &call.principal()?.username;
        if checked.values.get("follower").is_none_or(Value::is_null) {
            checked.values.insert("follower".to_owned(), me.as_str().into());
        }
        let both = (checked.text("follower"), checked.text("followee"));
        if both.0.is_some() && both.0 == both.1 {
            checked.faults.add("followee", "Nobody can follow themselves.");
        }
        Ok(())
    }

    async fn before_create(call: &Call, draft: &mut Draft<Follower>) -> Result<(), ApiError> {
        let me = call.principal()?;
        let text = format!("{} follows you.", me.name());
        draft.notices.push(Notice::new(
            &draft.record.followee,
            Category::Follow,
            "New follower",
            text,
        ));
        Ok(())
    }

    async fn derive(ctx: &Ctx, _: &Caller, rows: &mut [Row]) -> Result<(), ApiError> {
        let names: Vec<&str> =
            rows.iter().flat_map(|row| [row.text("follower"), row.text("followee")]).collect();
        let known = users::in_public(ctx, names).await?;
        for row in rows {
            for (field, person) in
                [("follower_detail", "follower"), ("followee_detail", "followee")]
            {
                let detail = known.get(row.text(person)).cloned();
                row.derive(field, detail.unwrap_or_default());
            }
        }
        Ok(())
    }
}

fn own(principal: &Principal) -> Scope {
    Scope::Only(Filter::eq("follower", principal.username.clone()))
}
