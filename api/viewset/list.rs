//! GET on a resource.

use ihs_config::UnknownParameters;
use ihs_store::{Filter, Query};

use super::{
    Declared, ViewSet, filters, object::readable, ordering, paging, resource::Resource, search,
    show::show_all,
};
use crate::{
    audit::trace,
    error::ApiError,
    faults::Faults,
    http::{Call, Reply},
};

/// A page of what the caller may read.
pub(crate) async fn list<V: ViewSet>(call: &Call) -> Result<Reply, ApiError> {
    page_of::<V>(call, readable(call, V::RESOURCE)).await
}

/// A page of these records.
pub(crate) async fn page_of<V: ViewSet>(call: &Call, these: Filter) -> Result<Reply, ApiError> {
    let query = query(call, V::RESOURCE, these)?;
    V::before_list(call).await?;
    let mut page = paging::fetch(call, &call.ctx.store, query).await?;
    let rows = std::mem::take(&mut page.rows);
    trace::shown(call, V::RESOURCE, &rows).await?;
    let results = show_all::<V>(&call.ctx, &call.caller, rows).await?;
    Ok(Reply::ok(&page.into_body(results)))
}

/// Which records, in which order.
fn query(call: &Call, resource: &'static Resource, these: Filter) -> Result<Query, ApiError> {
    let (params, caller) = (&call.params, &call.caller);
    let unknown = call.ctx.settings.api.unknown_parameters;
    let filter = filters::parse(resource, caller, params, unknown);
    let search = search::filter(resource, caller, params.get("search").unwrap_or_default());
    let sort = match ordering::order(resource, caller, params.get("ordering")) {
        Err(_) if unknown == UnknownParameters::Ignore => Ok(resource.order.to_vec()),
        sort => sort,
    };
    match (filter, search, sort) {
        (Ok(filter), Ok(search), Ok(sort)) => {
            let filter = these.and(filter).and(search);
            Ok(Query::new(resource.collection(), filter, 0).sorted(sort))
        }
        (filter, search, sort) => {
            let faults = [filter.err(), search.err(), sort.err()].into_iter().flatten();
            Err(faults.fold(Faults::default(), Faults::and).into())
        }
    }
}
