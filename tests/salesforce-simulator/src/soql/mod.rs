//! SOQL as far as a login monitor needs it: text to tokens, to a tree, to a checked plan, to rows.

mod aggregate;
mod ast;
mod columns;
mod condition;
mod csv;
mod error;
mod evaluate;
mod lexer;
mod like;
mod narrow;
mod parser;
mod places;
mod plan;
mod render;
mod resolve;
mod sequence;
mod value;

pub(crate) use ast::{Condition, Item, Literal, Operator, Query};
pub(crate) use columns::{ColumnName, columns};
pub(crate) use csv::CsvTemplate;
pub(crate) use error::SoqlError;
pub(crate) use evaluate::{Answer, run};
pub(crate) use parser::parse;
pub(crate) use places::Places;
pub(crate) use render::{LoginTemplate, Template};
pub(crate) use sequence::Sequence;
pub(crate) use value::Value;
#[cfg(test)]
mod tests;
