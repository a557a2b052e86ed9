use ihs_store::Document;
use serde_json::json;

use super::*;
use crate::{
    auth::Role,
    viewset::{Declared, policy::tests::somebody},
};

fn parsed<V: Declared>(role: Role, query: &str) -> Result<Filter, Value> {
    let caller = Caller::User(somebody("ada", role));
    let params = Params::parse(query).unwrap();
    parse(V::RESOURCE, &caller, &params, Unknown::Refuse).map_err(|faults| faults.into_map().into())
}

fn doctor() -> Document {
    let Value::Object(doctor) = json!({
        "user": "bob", "userfullname": "Bob Müller", "speciality": "Cardiology",
        "verified": true, "kind": "doctor",
    }) else {
        panic!()
    };
    doctor
}

#[test]
fn aliases_and_suffixes_narrow_a_list() {
    use crate::plugins::doctors::Doctors;
    for (query, found) in [
        ("name=muller", true),
        ("name=x", false),
        ("speciality=cardio", true),
        ("speciality__isnull=false", true),
        ("speciality__in=Cardiology,Surgery", true),
        ("speciality__in=Surgery", false),
        ("verified=true", true),
        ("verified=0", false),
        ("kind=nurse", false),
        ("kind__in=nurse,doctor", true),
        ("name=&kind=", true),
        ("format=json&_=123&page=2&search=x", true),
    ] {
        let filter = parsed::<Doctors>(Role::Patient, query).unwrap();
        assert_eq!(filter.matches(&doctor()), found, "{query}");
    }
}

#[test]
fn values_are_counted_as_they_are_written() {
    use crate::plugins::doctors::Doctors;
    for value in ["nurse", "", " "] {
        let listed = |count: usize| format!("kind__in=doctor,{}", vec![value; count - 1].join(","));
        let filter = parsed::<Doctors>(Role::Patient, &listed(VALUES)).unwrap();
        assert!(filter.matches(&doctor()), "{value:?}");
        let faults = parsed::<Doctors>(Role::Patient, &listed(VALUES + 1)).unwrap_err();
        assert_eq!(faults, json!({"kind__in": ["At most 500 values can be asked for."]}));
    }
}

#[test]
fn what_is_not_known_is_named() {
    use crate::plugins::doctors::Doctors;
    for name in ["nme", "name__gte", "verified__icontains", "userId", "kind__x", "__in"] {
        let faults = parsed::<Doctors>(Role::Patient, &format!("{name}=1")).unwrap_err();
        assert_eq!(faults, json!({ name: [format!("Unknown parameter: {name}")] }));
    }
    let params = Params::parse("nme=1").unwrap();
    let caller = Caller::User(somebody("ada", Role::Patient));
    let lenient = parse(Doctors::RESOURCE, &caller, &params, Unknown::Ignore);
    assert_eq!(lenient, Ok(Filter::everything()));
}

#[test]
fn bad_values_are_refused_in_the_words_of_django() {
    use crate::plugins::doctors::Doctors;
    assert_eq!(
        parsed::<Doctors>(Role::Patient, "kind=x"),
        Err(json!({"kind": ["Select a valid choice. x is not one of the available choices."]}))
    );
    assert_eq!(
        parsed::<Doctors>(Role::Patient, "verified=x"),
        Err(json!({"verified": ["Must be a valid boolean."]}))
    );
    assert!(parsed::<Doctors>(Role::Patient, "name=%00").is_err());
}
