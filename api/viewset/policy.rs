//! Policies: who may read, create, change and delete which records of a resource.

use ihs_store::{Document, Filter};

use crate::auth::{Caller, Principal};

/// Which records somebody may do something with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scope {
    /// None.
    Nobody,
    /// All.
    Everything,
    /// Those that match.
    Only(Filter),
}

impl Scope {
    /// As a part of a query.
    pub(crate) fn filter(self) -> Filter {
        match self {
            Self::Nobody => Filter::nothing(),
            Self::Everything => Filter::everything(),
            Self::Only(filter) => filter,
        }
    }

    /// Whether this record is among them.
    pub(crate) fn has(&self, document: &Document) -> bool {
        match self {
            Self::Nobody => false,
            Self::Everything => true,
            Self::Only(filter) => filter.matches(document),
        }
    }
}

/// What a user may do something with.
pub(crate) type Grant = fn(&Principal) -> Scope;

/// Who may do one kind of thing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// The resource has no such verb: 405.
    Unserved,
    /// Everybody, without credentials too.
    Anyone,
    /// Users, with the records that the grant names.
    Users(Grant),
}

impl Rule {
    /// The records with which this caller may do it.
    pub(crate) fn scope(self, caller: &Caller) -> Scope {
        match (self, caller) {
            (Self::Anyone, _) => Scope::Everything,
            (Self::Users(grant), Caller::User(principal)) => grant(principal),
            _ => Scope::Nobody,
        }
    }

    /// Whether the resource has the verb.
    pub(crate) const fn is_served(self) -> bool {
        !matches!(self, Self::Unserved)
    }
}

/// Who may do what with the records of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Who sees which: everything else is not there for them.
    pub(crate) read: Rule,
    /// Who may make which.
    pub(crate) create: Rule,
    /// Who may change which, of those they see.
    pub(crate) change: Rule,
    /// Who may delete which, of those they see.
    pub(crate) delete: Rule,
}

impl Policy {
    /// Any user reads, staff write.
    pub(crate) const fn catalogue() -> Self {
        Self {
            read: Rule::Users(everything),
            create: Rule::Users(staff),
            change: Rule::Users(staff),
            delete: Rule::Users(staff),
        }
    }
}

/// Any user: everything.
pub(crate) fn everything(_: &Principal) -> Scope {
    Scope::Everything
}

/// Staff: everything.
pub(crate) fn staff(principal: &Principal) -> Scope {
    if principal.is_staff() { Scope::Everything } else { Scope::Nobody }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::auth::{Rank, Role};

    /// Somebody of this role, for tests of policies.
    pub(crate) fn somebody(username: &str, role: Role) -> Principal {
        Principal {
            user_id: "0".repeat(24),
            username: username.to_owned(),
            full_name: String::new(),
            role,
            rank: Rank::Ordinary,
            verified: true,
            clinics: Vec::new(),
            glass: Vec::new(),
            session: String::new(),
            expires: 0,
        }
    }

    #[test]
    fn a_catalogue_is_read_by_users_and_written_by_staff() {
        let policy = Policy::catalogue();
        let staff = Caller::User(somebody("s", Role::Staff));
        let patient = Caller::User(somebody("p", Role::Patient));
        assert_eq!(policy.read.scope(&patient), Scope::Everything);
        assert_eq!(policy.create.scope(&patient), Scope::Nobody);
        assert_eq!(policy.change.scope(&staff), Scope::Everything);
        for rule in [policy.read, policy.create, policy.change, policy.delete] {
            assert_eq!(rule.scope(&Caller::Anonymous), Scope::Nobody);
        }
    }

    #[test]
    fn a_scope_in_memory_is_the_scope_in_a_query() {
        let mine = Scope::Only(Filter::eq("user", "ada"));
        let document = |name: &str| Document::from_iter([("user".to_owned(), json!(name))]);
        for name in ["ada", "bob"] {
            let document = document(name);
            assert_eq!(mine.has(&document), mine.clone().filter().matches(&document));
        }
        assert!(!Scope::Nobody.filter().matches(&document("ada")));
        assert!(Scope::Everything.filter().matches(&document("ada")));
    }
}
