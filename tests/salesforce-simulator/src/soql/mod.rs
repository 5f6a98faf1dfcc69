//! SOQL as far as a login monitor needs it: text to tokens, to a tree, to a checked plan, to rows.

mod aggregate;
mod ast;
mod condition;
mod error;
mod evaluate;
mod lexer;
mod like;
mod parser;
mod plan;
mod resolve;
mod value;

pub(crate) use error::SoqlError;
pub(crate) use evaluate::{Answer, render, run};
pub(crate) use plan::Column;
pub(crate) use value::Value;
#[cfg(test)]
mod tests;
