//! The WHERE clause. As in Salesforce, AND and OR do not mix without parentheses.

use super::ast::{Condition, Literal, Membership, Operator};
use super::error::SoqlError;
use super::lexer::Token;
use super::parser::Parser;

/// Nested parentheses a query may have.
const MAX_DEPTH: usize = 60;

impl Parser<'_> {
    pub(super) fn condition(&mut self, depth: usize) -> Result<Condition, SoqlError> {
        if depth > MAX_DEPTH {
            return Err(SoqlError::too_complicated());
        }
        let first = self.negation(depth)?;
        if self.take_word("AND") {
            return Ok(Condition::And(self.operands("AND", first, depth)?));
        }
        if self.take_word("OR") {
            return Ok(Condition::Or(self.operands("OR", first, depth)?));
        }
        Ok(first)
    }

    fn operands(&mut self, word: &str, first: Condition, depth: usize) -> Result<Vec<Condition>, SoqlError> {
        let mut operands = vec![first, self.negation(depth)?];
        while self.take_word(word) {
            operands.push(self.negation(depth)?);
        }
        if matches!(self.peek(), Some(Token::Word(next)) if ["AND", "OR"].iter().any(|w| next.eq_ignore_ascii_case(w)))
        {
            return Err(self.unexpected());
        }
        Ok(operands)
    }

    fn negation(&mut self, depth: usize) -> Result<Condition, SoqlError> {
        if self.take_word("NOT") {
            return Ok(Condition::Not(Box::new(self.term(depth)?)));
        }
        self.term(depth)
    }

    fn term(&mut self, depth: usize) -> Result<Condition, SoqlError> {
        if self.take_symbol("(") {
            let inner = self.condition(depth + 1)?;
            self.expect_symbol(")")?;
            return Ok(inner);
        }
        let path = self.path()?;
        if self.take_word("LIKE") {
            return Ok(Condition::Like { path, pattern: self.text()? });
        }
        if let Some(membership) = self.membership() {
            return Ok(Condition::In { path, membership, literals: self.literals()? });
        }
        let operator = self.operator()?;
        Ok(Condition::Compare { path, operator, literal: self.literal()? })
    }

    fn membership(&mut self) -> Option<Membership> {
        if self.take_word("IN") {
            return Some(Membership::In);
        }
        (self.take_word("NOT") && self.take_word("IN")).then_some(Membership::NotIn)
    }

    fn literals(&mut self) -> Result<Vec<Literal>, SoqlError> {
        self.expect_symbol("(")?;
        let literals = self.list(Self::literal)?;
        self.expect_symbol(")")?;
        Ok(literals)
    }

    fn operator(&mut self) -> Result<Operator, SoqlError> {
        let operator = match self.peek() {
            Some(Token::Symbol("=")) => Operator::Equal,
            Some(Token::Symbol("!=" | "<>")) => Operator::NotEqual,
            Some(Token::Symbol("<")) => Operator::Less,
            Some(Token::Symbol("<=")) => Operator::LessOrEqual,
            Some(Token::Symbol(">")) => Operator::Greater,
            Some(Token::Symbol(">=")) => Operator::GreaterOrEqual,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(operator)
    }

    fn text(&mut self) -> Result<String, SoqlError> {
        let Some(Token::Text(text)) = self.peek() else { return Err(self.unexpected()) };
        let text = text.clone();
        self.advance();
        Ok(text)
    }

    fn literal(&mut self) -> Result<Literal, SoqlError> {
        let literal = match self.peek() {
            Some(Token::Text(text)) => Literal::Text(super::like::unescaped(text)),
            Some(Token::Number(number)) => Literal::Number(*number),
            Some(Token::Time(time)) => Literal::Time(*time),
            Some(Token::Word(word)) => match word.to_ascii_uppercase().as_str() {
                "TRUE" => Literal::Boolean(true),
                "FALSE" => Literal::Boolean(false),
                "NULL" => Literal::Null,
                "TODAY" => Literal::LastDays(0),
                "LAST_N_DAYS" => return self.last_days(),
                _ => return Err(self.unexpected()),
            },
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(literal)
    }

    fn last_days(&mut self) -> Result<Literal, SoqlError> {
        self.advance();
        self.expect_symbol(":")?;
        match self.peek() {
            Some(Token::Number(days)) if days.fract() == 0.0 && (0.0..=36_500.0).contains(days) => {
                let days = *days as i64;
                self.advance();
                Ok(Literal::LastDays(days))
            }
            _ => Err(self.unexpected()),
        }
    }
}
