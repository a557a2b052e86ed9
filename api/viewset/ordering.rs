//! `?ordering=a,-b`.

use ihs_store::{Direction, Sort};

use super::{filters::may_ask, resource::Resource};
use crate::{auth::Caller, faults::Faults, fields::flags::Flag};

/// The order that was asked for, or that of the resource.
pub(crate) fn order(
    resource: &Resource,
    caller: &Caller,
    asked: Option<&str>,
) -> Result<Vec<Sort>, Faults> {
    let mut faults = Faults::default();
    let mut sort: Vec<Sort> = Vec::new();
    let names = asked.unwrap_or_default().split(',').map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        match key(resource, caller, name) {
            Some(key) if sort.iter().any(|known| known.field == key.field) => {}
            Some(key) => sort.push(key),
            None => faults.add("ordering", format!("Unknown field: {name}")),
        }
    }
    faults.into_result()?;
    Ok(if sort.is_empty() { resource.order.to_vec() } else { sort })
}

fn key(resource: &Resource, caller: &Caller, name: &str) -> Option<Sort> {
    let (name, direction) = match name.strip_prefix('-') {
        Some(rest) => (rest, Direction::Descending),
        None => (name, Direction::Ascending),
    };
    let field = resource.field(name)?;
    let sortable = field.is(Flag::Sort) && may_ask(field, caller);
    sortable.then_some(Sort { field: field.source, direction })
}
