//! The resources, one file each.
//!
//! To add one: a file with its [`ViewSet`](crate::viewset::ViewSet), a line in [`PLUGINS`] at the
//! place that the documentation gives it, and a test file of its own.

pub(crate) mod appointments;
pub(crate) mod audit;
pub(crate) mod clinic_doctors;
pub(crate) mod clinics;
pub(crate) mod diseases;
pub(crate) mod doctors;
pub(crate) mod followers;
pub(crate) mod insurances;
pub(crate) mod medicines;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod patients;
pub(crate) mod profiles;
pub(crate) mod reviews;
pub(crate) mod rooms;
pub(crate) mod specialities;
pub(crate) mod treatments;
pub(crate) mod users;

use ihs_config::ApiSettings;
use ihs_store::Document;
use serde_json::Value;

use crate::{
    Ctx,
    audit::trace,
    auth::Caller,
    error::ApiError,
    http::get::Get,
    viewset::{
        ViewSet,
        plugin::{Plugin, Served},
        resource::Resource,
    },
};

/// All resources, in the order of the documentation.
pub(crate) static PLUGINS: &[&dyn Plugin] = &[
    &Served::<users::Users>::NEW,
    &Served::<patients::Patients>::NEW,
    &Served::<doctors::Doctors>::NEW,
    &Served::<insurances::Insurances>::NEW,
    &Served::<specialities::Specialities>::NEW,
    &Served::<medicines::Medicines>::NEW,
    &Served::<diseases::Diseases>::NEW,
    &Served::<clinics::Clinics>::NEW,
    &Served::<clinic_doctors::ClinicDoctors>::NEW,
    &Served::<appointments::Appointments>::NEW,
    &Served::<treatments::Treatments>::NEW,
    &Served::<reviews::Reviews>::NEW,
    &Served::<followers::Followers>::NEW,
    &messages::Messages,
    &Served::<notifications::Notifications>::NEW,
    &Served::<rooms::Rooms>::NEW,
    &Served::<audit::Audit>::NEW,
];

/// What else is served below a resource: its name, the path below it, the endpoint.
pub(crate) static BELOW: &[(&str, &str, Get)] = &[
    (notifications::Notifications::NAME, "events/", notifications::EVENTS),
    (rooms::Rooms::NAME, "{key}/events/", rooms::events::EVENTS),
    (rooms::Rooms::NAME, "{key}/messages/{seq}/receipts/", rooms::receipts::RECEIPTS),
];

/// What all resources declare, in the order of the documentation.
pub fn resources() -> impl Iterator<Item = &'static Resource> {
    PLUGINS.iter().map(|plugin| plugin.resource())
}

/// The resources that these settings serve.
pub(crate) fn served(settings: &ApiSettings) -> impl Iterator<Item = &'static dyn Plugin> {
    let wanted = |plugin: &&'static dyn Plugin| is_served(settings, plugin.resource().name());
    PLUGINS.iter().copied().filter(wanted)
}

/// Whether these settings serve the resource of this name.
pub(crate) fn is_served(settings: &ApiSettings, name: &str) -> bool {
    settings.plugins.is_empty() || settings.plugins.iter().any(|chosen| chosen == name)
}

/// The resource of this name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Plugin> {
    PLUGINS.iter().copied().find(|plugin| plugin.resource().name() == name)
}

/// A record of the resource of this name, as the caller sees it.
pub(crate) async fn show(
    ctx: &Ctx,
    caller: &Caller,
    resource: &str,
    document: Document,
) -> Result<Value, ApiError> {
    let plugin = named(resource).ok_or_else(|| ApiError::internal("no such resource"))?;
    plugin.show(ctx, caller, document).await
}

/// The same for an answer that is not the resource's own: it is recorded here that they saw it.
pub(crate) async fn show_recorded(
    ctx: &Ctx,
    caller: &Caller,
    resource: &str,
    document: Document,
) -> Result<Value, ApiError> {
    if let (Some(plugin), Some(principal)) = (named(resource), caller.principal()) {
        trace::shown_to(ctx, principal, plugin.resource(), std::slice::from_ref(&document)).await?;
    }
    show(ctx, caller, resource, document).await
}
