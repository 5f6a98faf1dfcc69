//! Names to columns and literals to values, with every refusal the field properties ask for.

use super::ast::{Condition, Item, Literal, Membership, Operator, Order, Path, Query};
use super::error::SoqlError;
use super::like::Pattern;
use super::plan::{Cell, Column, Content, Members, Output, Plan, Sort, Test};
use super::value::Value;
use crate::clock::shifted;
use crate::id::Id;
use crate::objects::{Allowed, Kind, Object, View};
use std::borrow::Cow;

const DAY: i64 = 86_400;

pub(crate) fn resolve(query: &Query, view: &View<'_>) -> Result<Plan, SoqlError> {
    let unknown = || SoqlError::unknown_object(&query.from);
    let object = Object::named(&query.from).ok_or_else(|| unknown().unmatched())?;
    if !object.is_open_to(view) {
        return Err(unknown());
    }
    let scope = Scope { object, view };
    let test = query.condition.as_ref().map(|condition| scope.test(condition)).transpose()?;
    Ok(Plan { object, output: scope.output(query)?, test, limit: query.limit, offset: query.offset })
}

struct Scope<'v> {
    object: Object,
    view: &'v View<'v>,
}

impl Scope<'_> {
    fn output(&self, query: &Query) -> Result<Output, SoqlError> {
        if query.select == [Item::CountRows] && query.group_by.is_empty() {
            return Ok(Output::Count);
        }
        let aggregated = query.select.iter().any(|item| !matches!(item, Item::Field(_)));
        if aggregated || !query.group_by.is_empty() { self.groups(query) } else { self.rows(query) }
    }

    fn rows(&self, query: &Query) -> Result<Output, SoqlError> {
        let columns = query.select.iter().map(|item| self.plain(item)).collect::<Result<_, _>>()?;
        let order = query.order_by.iter().map(|order| self.sorted(order)).collect::<Result<_, _>>()?;
        Ok(Output::Rows { columns, order })
    }

    fn plain(&self, item: &Item) -> Result<Column, SoqlError> {
        match item {
            Item::Field(path) => self.column(path),
            _ => Err(SoqlError::unsupported("Ordered field must be grouped or aggregated")),
        }
    }

    fn sorted(&self, order: &Order) -> Result<(Column, Sort), SoqlError> {
        let column = self.plain(&order.item)?;
        if column.field.sort == Allowed::No {
            return Err(SoqlError::not_sortable(column.field.name));
        }
        Ok((column, Sort { direction: order.direction, nulls: order.nulls }))
    }

    fn groups(&self, query: &Query) -> Result<Output, SoqlError> {
        let by = query.group_by.iter().map(|path| self.groupable(path)).collect::<Result<Vec<_>, _>>()?;
        let mut unnamed = 0;
        let mut cells = Vec::new();
        for item in &query.select {
            let content = self.content(item, query)?;
            cells.push(Cell { name: Some(cell_name(item, &mut unnamed)), content });
        }
        let mut order = Vec::new();
        for by in &query.order_by {
            order.push((cells.len(), Sort { direction: by.direction, nulls: by.nulls }));
            cells.push(Cell { name: None, content: self.content(&by.item, query)? });
        }
        Ok(Output::Groups { cells, by, order })
    }

    fn groupable(&self, path: &Path) -> Result<Column, SoqlError> {
        let column = self.column(path)?;
        match column.field.group {
            Allowed::Yes => Ok(column),
            Allowed::No => Err(SoqlError::not_groupable(column.field.name)),
        }
    }

    fn content(&self, item: &Item, query: &Query) -> Result<Content, SoqlError> {
        match item {
            Item::Field(path) => {
                let same = |by: &Path| by.0.eq_ignore_ascii_case(&path.0);
                let key = query.group_by.iter().position(same);
                key.map(Content::Key).ok_or_else(|| SoqlError::not_grouped(&path.0))
            }
            Item::CountRows => Ok(Content::CountRows),
            Item::Aggregate { function, path, .. } => {
                let column = self.column(path)?;
                if column.field.aggregate == Allowed::No {
                    return Err(SoqlError::not_aggregatable(&format!("{function:?}"), &path.0));
                }
                Ok(Content::Aggregate(*function, column))
            }
        }
    }

    fn column(&self, path: &Path) -> Result<Column, SoqlError> {
        let mut object = self.object;
        let mut hops = Vec::new();
        let (relations, field) =
            path.0.rsplit_once('.').map_or((None, path.0.as_str()), |(r, f)| (Some(r), f));
        for name in relations.into_iter().flat_map(|relations| relations.split('.')) {
            // A path may begin with the object's own name.
            if hops.is_empty() && name.eq_ignore_ascii_case(object.schema().name) {
                continue;
            }
            let relation = object.schema().relation(name, self.view);
            let relation = relation.ok_or_else(|| SoqlError::unknown_relation(name, &path.0))?;
            hops.push(relation);
            object = relation.target;
        }
        let found = object.schema().field(field, self.view);
        let field = found.ok_or_else(|| SoqlError::unknown_field(field, object.schema().name))?;
        Ok(Column { hops, field })
    }

    fn test(&self, condition: &Condition) -> Result<Test, SoqlError> {
        let each = |all: &[Condition]| all.iter().map(|one| self.test(one)).collect::<Result<Vec<_>, _>>();
        match condition {
            Condition::And(all) => Ok(Test::All(each(all)?)),
            Condition::Or(all) => Ok(Test::Any(each(all)?)),
            Condition::Not(one) => Ok(Test::Not(Box::new(self.test(one)?))),
            Condition::Compare { path, operator, literal } => self.compare(path, *operator, literal),
            Condition::In { path, membership, literals } => self.members(path, *membership, literals),
            Condition::Like { path, pattern } => self.like(path, pattern),
        }
    }

    fn filterable(&self, path: &Path) -> Result<Column, SoqlError> {
        let column = self.column(path)?;
        match column.field.filter {
            Allowed::Yes => Ok(column),
            Allowed::No => Err(SoqlError::not_filterable(column.field.name)),
        }
    }

    fn compare(&self, path: &Path, operator: Operator, literal: &Literal) -> Result<Test, SoqlError> {
        let column = self.filterable(path)?;
        if let (Kind::Time, Literal::LastDays(days)) = (column.field.kind, literal) {
            let now = self.view.now;
            let midnight = shifted(now, -now.as_second().rem_euclid(DAY));
            let until = if *days == 0 { shifted(midnight, DAY) } else { now };
            return Ok(Test::Within(column, operator, shifted(midnight, -days * DAY), until));
        }
        if column.field.kind == Kind::Flag && !matches!(operator, Operator::Equal | Operator::NotEqual) {
            return Err(SoqlError::wrong_operator("<", column.field.name));
        }
        let value = value_for(&column, literal)?;
        Ok(Test::Compare(column, operator, value))
    }

    fn members(&self, path: &Path, membership: Membership, literals: &[Literal]) -> Result<Test, SoqlError> {
        let column = self.filterable(path)?;
        let mut members = Members::default();
        for literal in literals {
            match value_for(&column, literal)? {
                Value::Id(id) => _ = members.ids.insert(id),
                other => members.others.push(other),
            }
        }
        Ok(Test::Members(column, membership, members))
    }

    fn like(&self, path: &Path, pattern: &str) -> Result<Test, SoqlError> {
        let column = self.filterable(path)?;
        if column.field.like == Allowed::No || column.field.kind != Kind::Text {
            return Err(SoqlError::wrong_operator("LIKE", column.field.name));
        }
        Ok(Test::Like(column, Pattern::new(pattern)))
    }
}

fn cell_name(item: &Item, unnamed: &mut usize) -> String {
    match item {
        Item::Field(path) => path.0.rsplit('.').next().unwrap_or_default().to_owned(),
        Item::Aggregate { alias: Some(alias), .. } => alias.clone(),
        _ => {
            *unnamed += 1;
            format!("expr{}", *unnamed - 1)
        }
    }
}

fn value_for(column: &Column, literal: &Literal) -> Result<Value<'static>, SoqlError> {
    let field = column.field;
    match (field.kind, literal) {
        (_, Literal::Null) => Ok(Value::Null),
        (Kind::Id, Literal::Text(text)) if text.is_empty() => Ok(Value::Null),
        (Kind::Id, Literal::Text(text)) => {
            Id::parse(text).map(Value::Id).ok_or_else(|| SoqlError::invalid_id(text))
        }
        (Kind::Text, Literal::Text(text)) if text.is_empty() => Ok(Value::Null),
        (Kind::Text, Literal::Text(text)) => Ok(Value::Text(Cow::Owned(text.clone()))),
        (Kind::Time, Literal::Time(time)) => Ok(Value::Time(*time)),
        (Kind::Flag, Literal::Boolean(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Number, Literal::Number(number)) => Ok(Value::Number(*number)),
        (Kind::Id | Kind::Text, _) => Err(SoqlError::wrong_literal(field.name, "string", "be")),
        (Kind::Time, _) => Err(SoqlError::wrong_literal(field.name, "dateTime", "not be")),
        (Kind::Flag, _) => Err(SoqlError::wrong_literal(field.name, "boolean", "not be")),
        (Kind::Number, _) => Err(SoqlError::wrong_literal(field.name, "double", "not be")),
    }
}
