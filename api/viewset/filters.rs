//! Filters: query parameters that narrow a list.

use ihs_store::Filter;
use serde_json::Value;

use super::{policy::Scope, resource::Resource};
use crate::{
    auth::Caller,
    faults::{Faults, unknown_parameter},
    fields::{
        Field,
        flags::Flag,
        kind::{Kind, Operation},
        scalar,
    },
    http::params::Params,
};

/// Parameters that are no filters.
const RESERVED: [&str; 7] = ["page", "page_size", "cursor", "search", "ordering", "format", "_"];

/// What may stand behind the name of a filter, and how it then compares.
const SUFFIXES: [(&str, Operation); 5] = [
    ("gte", Operation::Gte),
    ("lte", Operation::Lte),
    ("in", Operation::In),
    ("icontains", Operation::Contains),
    ("isnull", Operation::IsNull),
];

/// Most values of one `__in`.
pub(crate) const VALUES: usize = 500;

/// What is done with parameters that nobody knows.
pub(crate) use ihs_config::UnknownParameters as Unknown;

/// What the parameters ask for. One that is empty asks for nothing, as in Django.
pub(crate) fn parse(
    resource: &Resource,
    caller: &Caller,
    params: &Params,
    unknown: Unknown,
) -> Result<Filter, Faults> {
    let mut faults = Faults::default();
    let mut filters = Vec::new();
    let searched = resource.fields.iter().any(|field| field.is(Flag::Search));
    let is_ours = |name: &str| match name {
        "search" => !searched && params.filled(name).is_some(),
        name => !RESERVED.contains(&name),
    };
    for name in params.names().into_iter().filter(|name| is_ours(name)) {
        match target(resource, caller, name) {
            Some((field, operation)) => match filter(field, operation, params.filled(name)) {
                Ok(filter) => filters.extend(filter),
                Err(message) => faults.add(name, message),
            },
            None if unknown == Unknown::Refuse => {
                faults.add(name, unknown_parameter(name));
            }
            None => {}
        }
    }
    faults.into_result()?;
    Ok(Filter::All(filters))
}

/// Every filter that follows from the fields: the parameter, its field, and how it compares.
pub(crate) fn all(
    resource: &'static Resource,
) -> impl Iterator<Item = (String, &'static Field, Operation)> {
    resource.fields.iter().flat_map(of_field)
}

fn of_field(field: &'static Field) -> impl Iterator<Item = (String, &'static Field, Operation)> {
    let own = field.is(Flag::Filter).then_some((field.name, Operation::Exact));
    let aliases = field.aliases.iter().flatten().map(|alias| (alias.name, alias.operation));
    // An alias of the field's own name stands before it.
    let own = own.filter(|(name, _)| plain_operation(field, name) == Some(Operation::Exact));
    own.into_iter().chain(aliases).flat_map(move |(base, plain)| {
        let suffixed = SUFFIXES.iter().filter(|(_, operation)| makes_sense(field, *operation));
        let suffixed =
            suffixed.map(move |(suffix, operation)| (format!("{base}__{suffix}"), *operation));
        std::iter::once((base.to_owned(), plain))
            .chain(suffixed)
            .map(move |(name, operation)| (name, field, operation))
    })
}

/// Whether the caller may filter, search and order by a field: only when they may read it in every
/// record, or the rows that are found would tell what is in it.
pub(crate) fn may_ask(field: &Field, caller: &Caller) -> bool {
    match (field.readable, caller.principal()) {
        (None, _) => true,
        (Some(grant), Some(principal)) => grant(principal) == Scope::Everything,
        (Some(_), None) => false,
    }
}

/// The field that a parameter means, and how it compares.
fn target(resource: &Resource, caller: &Caller, name: &str) -> Option<(&'static Field, Operation)> {
    let (base, suffix) = match name.rsplit_once("__") {
        Some((base, suffix)) => (base, Some(operation_of(suffix)?)),
        None => (name, None),
    };
    let mut askable = resource.fields.iter().filter(|field| may_ask(field, caller));
    let (field, plain) =
        askable.find_map(|field| plain_operation(field, base).map(|op| (field, op)))?;
    let operation = suffix.unwrap_or(plain);
    (suffix.is_none() || makes_sense(field, operation)).then_some((field, operation))
}

fn plain_operation(field: &Field, name: &str) -> Option<Operation> {
    let alias = field.aliases.iter().flatten().find(|alias| alias.name == name);
    let own = (field.is(Flag::Filter) && field.name == name).then_some(Operation::Exact);
    alias.map(|alias| alias.operation).or(own)
}

fn operation_of(suffix: &str) -> Option<Operation> {
    SUFFIXES.iter().find(|(name, _)| *name == suffix).map(|(_, operation)| *operation)
}

fn makes_sense(field: &Field, operation: Operation) -> bool {
    match operation {
        Operation::Gte | Operation::Lte => {
            matches!(field.kind, Kind::Integer { .. } | Kind::Float { .. } | Kind::Time)
        }
        Operation::Contains => field.is_searched(),
        Operation::In => !matches!(field.kind, Kind::Boolean),
        Operation::Exact | Operation::IsNull => true,
    }
}

fn filter(
    field: &Field,
    operation: Operation,
    value: Option<&str>,
) -> Result<Option<Filter>, String> {
    let Some(text) = value.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    let source = field.source;
    Ok(Some(match operation {
        Operation::Exact => equal(field, value_of(field, text)?),
        Operation::Contains => Filter::Contains(source, text.to_owned()),
        Operation::Gte => Filter::Gte(source, value_of(field, text)?),
        Operation::Lte => Filter::Lte(source, value_of(field, text)?),
        Operation::In => one_of(field, text)?,
        Operation::IsNull => match scalar::boolean(&Value::String(text.to_owned()))? {
            Value::Bool(true) => Filter::Eq(source, Value::Null),
            _ => Filter::Present(source),
        },
    }))
}

fn equal(field: &Field, value: Value) -> Filter {
    match field.kind {
        Kind::People => Filter::Has(field.source, value),
        _ => Filter::Eq(field.source, value),
    }
}

fn one_of(field: &Field, text: &str) -> Result<Filter, String> {
    let texts: Vec<&str> = text.split(',').map(str::trim).collect();
    if texts.len() > VALUES {
        return Err(format!("At most {VALUES} values can be asked for."));
    }
    let said = texts.into_iter().filter(|one| !one.is_empty());
    let values: Vec<Value> = said.map(|one| value_of(field, one)).collect::<Result<_, _>>()?;
    Ok(match field.kind {
        Kind::People => Filter::Any(values.into_iter().map(|value| equal(field, value)).collect()),
        _ => Filter::In(field.source, values),
    })
}

/// A text of the query as a value of the field, refused in the words of Django's forms.
fn value_of(field: &Field, text: &str) -> Result<Value, String> {
    let value = Value::String(text.to_owned());
    match field.kind {
        Kind::Integer { .. } => {
            scalar::integer(&value, None, None).map_err(|_| "Enter a number.".to_owned())
        }
        Kind::Float { .. } => {
            scalar::float(&value, None, None).map_err(|_| "Enter a number.".to_owned())
        }
        Kind::Time => {
            scalar::time_or_day(&value).map_err(|_| "Enter a valid date/time.".to_owned())
        }
        Kind::Boolean => scalar::boolean(&value),
        Kind::Choice(choices) if !choices.contains(&text) => {
            Err(format!("Select a valid choice. {text} is not one of the available choices."))
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
#[path = "filters_tests.rs"]
mod tests;
