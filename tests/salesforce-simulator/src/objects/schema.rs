//! What Salesforce lets a query do with each field.

use super::{Caller, Object};
use crate::permission::Permission;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Text,
    Time,
    Flag,
    Number,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) filter: Allowed,
    pub(crate) group: Allowed,
    pub(crate) sort: Allowed,
    pub(crate) like: Allowed,
    pub(crate) aggregate: Allowed,
    pub(crate) needs: Option<Permission>,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        let yes = Allowed::Yes;
        let group = if matches!(kind, Kind::Time) { Allowed::No } else { yes };
        Self { name, kind, filter: yes, group, sort: yes, like: yes, aggregate: yes, needs: None }
    }

    pub(crate) const fn id(name: &'static str) -> Self {
        Self::new(name, Kind::Id)
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    pub(crate) const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }

    pub(crate) const fn flag(name: &'static str) -> Self {
        Self::new(name, Kind::Flag)
    }

    pub(crate) const fn number(name: &'static str) -> Self {
        Self::new(name, Kind::Number)
    }

    pub(crate) const fn unfilterable(mut self) -> Self {
        self.filter = Allowed::No;
        self
    }

    pub(crate) const fn unsortable(mut self) -> Self {
        self.sort = Allowed::No;
        self.group = Allowed::No;
        self
    }

    pub(crate) const fn no_like(mut self) -> Self {
        self.like = Allowed::No;
        self
    }

    pub(crate) const fn no_aggregate(mut self) -> Self {
        self.aggregate = Allowed::No;
        self
    }

    pub(crate) const fn needs(mut self, permission: Permission) -> Self {
        self.needs = Some(permission);
        self
    }
}

#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    pub(crate) target: Object,
}

pub(crate) struct Schema {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) relations: &'static [Relation],
    /// Without this permission the object is not there.
    pub(crate) needs: Option<Permission>,
}

impl Schema {
    pub(crate) fn field(&self, name: &str, caller: &Caller) -> Option<&'static Field> {
        let visible = |field: &&Field| field.needs.is_none_or(|permission| caller.may(permission));
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).filter(visible)
    }

    pub(crate) fn relation(&self, name: &str, caller: &Caller) -> Option<&'static Relation> {
        let relation = self.relations.iter().find(|relation| relation.name.eq_ignore_ascii_case(name));
        relation.filter(|relation| relation.target.is_open_to(caller))
    }
}

/// Two lists of fields as one.
pub(crate) const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [Field; A],
    second: [Field; B],
) -> [Field; N] {
    let mut fields = [const { Field::flag("") }; N];
    let mut place = 0;
    while place < N {
        fields[place] = if place < A { first[place] } else { second[place - A] };
        place += 1;
    }
    fields
}
