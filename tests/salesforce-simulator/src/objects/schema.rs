//! What Salesforce lets a query do with each field.

use super::{Object, View};
use crate::permission::Permission;
use crate::switches::LoginUser;

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
    /// The type's name in a describe.
    pub(crate) type_name: &'static str,
    /// Characters at most; 0 for what is no text.
    pub(crate) length: u16,
    pub(crate) nillable: Allowed,
    /// The first API version that has it.
    pub(crate) since: u16,
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        let yes = Allowed::Yes;
        let group = if matches!(kind, Kind::Time) { Allowed::No } else { yes };
        let (type_name, length) = match kind {
            Kind::Id => ("reference", 18),
            Kind::Text => ("string", 255),
            Kind::Time => ("datetime", 0),
            Kind::Flag => ("boolean", 0),
            Kind::Number => ("double", 0),
        };
        let nillable = if matches!(kind, Kind::Flag) { Allowed::No } else { yes };
        Self {
            name,
            kind,
            filter: yes,
            group,
            sort: yes,
            like: yes,
            aggregate: yes,
            needs: None,
            type_name,
            length,
            nillable,
            since: 0,
        }
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

    pub(crate) const fn integer(name: &'static str) -> Self {
        let mut field = Self::number(name);
        field.type_name = "int";
        field
    }

    pub(crate) const fn picklist(name: &'static str) -> Self {
        let mut field = Self::text(name).length(40);
        field.type_name = "picklist";
        field
    }

    pub(crate) const fn length(mut self, characters: u16) -> Self {
        self.length = characters;
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.nillable = Allowed::No;
        self
    }

    pub(crate) const fn since(mut self, version: u16) -> Self {
        self.since = version;
        self
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

    pub(crate) const fn ungroupable(mut self) -> Self {
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
    /// The fields that are there for this caller, in this org, at this API version.
    pub(crate) fn fields_for<'v>(
        &'static self,
        view: &'v View<'_>,
    ) -> impl Iterator<Item = &'static Field> + 'v {
        self.fields.iter().filter(|field| self.shows(field, view))
    }

    pub(crate) fn field(&'static self, name: &str, view: &View<'_>) -> Option<&'static Field> {
        let mut named = self.fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        named.find(|field| self.shows(field, view))
    }

    fn shows(&self, field: &Field, view: &View<'_>) -> bool {
        field.needs.is_none_or(|permission| view.caller.may(permission))
            && field.since <= view.major()
            && !view.org.settings.lacks(self.name, Some(field.name))
    }

    pub(crate) fn relation(&self, name: &str, view: &View<'_>) -> Option<&'static Relation> {
        let relation = self.relations.iter().find(|relation| relation.name.eq_ignore_ascii_case(name));
        let switched_off = |relation: &Relation| {
            self.name == "LoginHistory"
                && relation.name == "User"
                && view.org.switches.login_user == LoginUser::Unrelated
        };
        relation.filter(|relation| relation.target.is_open_to(view) && !switched_off(relation))
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
