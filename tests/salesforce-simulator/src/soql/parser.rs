//! Tokens to a query: the clauses in their order. Conditions have a file of their own.

use super::ast::{Direction, Function, Item, Nulls, Order, Path, Query};
use super::error::SoqlError;
use super::lexer::{Placed, Token, tokens};

/// The most characters a statement may have.
const MAX_STATEMENT: usize = 100_000;
/// The most rows an OFFSET may skip.
const MAX_OFFSET: usize = 2_000;

pub(crate) fn parse(query: &str) -> Result<Query, SoqlError> {
    if query.chars().count() > MAX_STATEMENT {
        return Err(SoqlError::longer_than("statement", MAX_STATEMENT));
    }
    let mut parser = Parser { query, tokens: tokens(query)?, next: 0 };
    let parsed = parser.query()?;
    match parser.tokens.get(parser.next) {
        None => Ok(parsed),
        Some(_) => Err(parser.unexpected()),
    }
}

pub(super) struct Parser<'q> {
    query: &'q str,
    tokens: Vec<Placed>,
    next: usize,
}

impl Parser<'_> {
    fn query(&mut self) -> Result<Query, SoqlError> {
        self.expect_word("SELECT")?;
        let select = self.list(Self::item)?;
        self.expect_word("FROM")?;
        let from = self.word()?;
        let condition = if self.take_word("WHERE") { Some(self.condition(0)?) } else { None };
        let group_by = if self.take_words("GROUP", "BY")? { self.list(Self::path)? } else { Vec::new() };
        let order_by = if self.take_words("ORDER", "BY")? { self.list(Self::order)? } else { Vec::new() };
        let limit = if self.take_word("LIMIT") { Some(self.count()?) } else { None };
        let offset = if self.take_word("OFFSET") { self.offset()? } else { 0 };
        Ok(Query { select, from, condition, group_by, order_by, limit, offset })
    }

    pub(super) fn list<T>(
        &mut self,
        one: fn(&mut Self) -> Result<T, SoqlError>,
    ) -> Result<Vec<T>, SoqlError> {
        let mut items = vec![one(self)?];
        while self.take_symbol(",") {
            items.push(one(self)?);
        }
        Ok(items)
    }

    fn item(&mut self) -> Result<Item, SoqlError> {
        let item = self.expression()?;
        match item {
            Item::Aggregate { function, path, .. } => {
                Ok(Item::Aggregate { function, path, alias: self.alias() })
            }
            plain => Ok(plain),
        }
    }

    fn expression(&mut self) -> Result<Item, SoqlError> {
        let name = self.word()?;
        if !self.take_symbol("(") {
            return Ok(Item::Field(Path(name)));
        }
        let function = Function::named(&name).ok_or_else(|| self.unexpected())?;
        if function == Function::Count && self.take_symbol(")") {
            return Ok(Item::CountRows);
        }
        let path = self.path()?;
        self.expect_symbol(")")?;
        Ok(Item::Aggregate { function, path, alias: None })
    }

    fn alias(&mut self) -> Option<String> {
        match self.peek() {
            Some(Token::Word(word)) if !word.eq_ignore_ascii_case("FROM") => {
                let alias = word.clone();
                self.next += 1;
                Some(alias)
            }
            _ => None,
        }
    }

    pub(super) fn path(&mut self) -> Result<Path, SoqlError> {
        self.word().map(Path)
    }

    fn order(&mut self) -> Result<Order, SoqlError> {
        let item = self.expression()?;
        let direction = self.direction();
        let nulls = if self.take_word("NULLS") { self.nulls()? } else { Nulls::First };
        Ok(Order { item, direction, nulls })
    }

    fn direction(&mut self) -> Direction {
        if self.take_word("DESC") {
            return Direction::Descending;
        }
        self.take_word("ASC");
        Direction::Ascending
    }

    fn nulls(&mut self) -> Result<Nulls, SoqlError> {
        if self.take_word("LAST") {
            return Ok(Nulls::Last);
        }
        self.expect_word("FIRST").map(|()| Nulls::First)
    }

    fn count(&mut self) -> Result<usize, SoqlError> {
        match self.peek() {
            Some(Token::Number(number)) if number.fract() == 0.0 && (0.0..=2e9).contains(number) => {
                let number = *number as usize;
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn offset(&mut self) -> Result<usize, SoqlError> {
        let offset = self.count()?;
        if offset > MAX_OFFSET { Err(SoqlError::out_of_range("offset")) } else { Ok(offset) }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    fn word(&mut self) -> Result<String, SoqlError> {
        let Some(Token::Word(word)) = self.peek() else { return Err(self.unexpected()) };
        let word = word.clone();
        self.next += 1;
        Ok(word)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn take_words(&mut self, first: &str, second: &str) -> Result<bool, SoqlError> {
        let found = self.take_word(first);
        if found {
            self.expect_word(second)?;
        }
        Ok(found)
    }

    fn expect_word(&mut self, word: &str) -> Result<(), SoqlError> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(next)) if *next == symbol);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Result<(), SoqlError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn unexpected(&self) -> SoqlError {
        let end = self.query.chars().count();
        let (position, text) = match self.tokens.get(self.next) {
            Some(placed) => (placed.position, format!("unexpected token: {:?}", placed.token)),
            None => (end, "unexpected token: '<EOF>'".to_owned()),
        };
        SoqlError::malformed(self.query, position, &text)
    }
}
