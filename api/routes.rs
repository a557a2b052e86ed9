//! What is served where: the table of contents.

use actix_web::web::{self, ServiceConfig};

use crate::{
    Ctx,
    auth::{login, refresh, revoke, ticket},
    health::{Healthz, Readyz},
    http::edge::{mount, not_found},
    openapi::{docs::Docs, schema::Schema},
    plugins::{self, BELOW},
    root::Root,
    viewset::{
        endpoints::{Detail, Extra, List},
        plugin::Plugin,
    },
    ws,
};

/// Serves everything in this crate, and answers what nobody serves with a 404 of the same form.
/// Whatever else is served must be registered before.
pub fn configure(cfg: &mut ServiceConfig, ctx: &Ctx) {
    mount(cfg, ctx, "/healthz/", Healthz);
    mount(cfg, ctx, "/readyz/", Readyz);
    ws::mount(cfg, ctx);
    mount(cfg, ctx, "/api/", Root);
    mount(cfg, ctx, "/api/token/", login::ENDPOINT);
    mount(cfg, ctx, "/api-token-auth/", login::ENDPOINT);
    mount(cfg, ctx, "/api/token/refresh/", refresh::ENDPOINT);
    mount(cfg, ctx, "/api/token/revoke/", revoke::ENDPOINT);
    mount(cfg, ctx, "/api/ws-ticket/", ticket::ENDPOINT);
    mount(cfg, ctx, "/api/schema/", Schema::new(&ctx.settings));
    mount(cfg, ctx, "/api/docs/", Docs::new());
    for plugin in plugins::served(&ctx.settings.api) {
        mount_plugin(cfg, ctx, plugin);
    }
    cfg.default_service(web::to(not_found));
}

/// The records are in a scope of their own, so that only requests for one of them are compared with
/// what has a key in it.
fn mount_plugin(cfg: &mut ServiceConfig, ctx: &Ctx, plugin: &'static dyn Plugin) {
    let resource = plugin.resource();
    let path = format!("/api/{}", resource.name());
    mount(cfg, ctx, &format!("{path}/"), List(plugin));
    cfg.service(web::scope(&path).configure(|cfg| {
        // Before the records, for which some of these would be keys.
        for (_, below, get) in BELOW.iter().filter(|(name, ..)| *name == resource.name()) {
            mount(cfg, ctx, &format!("/{below}"), *get);
        }
        mount(cfg, ctx, "/{key}/", Detail(plugin));
        for action in resource.actions {
            mount(cfg, ctx, &format!("/{{key}}/{}/", action.name), Extra(plugin, action));
        }
    }));
}
