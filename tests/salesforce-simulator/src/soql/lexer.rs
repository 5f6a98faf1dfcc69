//! Query text to tokens. Positions count characters, for the error's caret.

use super::error::SoqlError;
use jiff::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A keyword, name or dotted path.
    Word(String),
    Text(String),
    Number(f64),
    Time(Timestamp),
    Symbol(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    pub(crate) token: Token,
    pub(crate) position: usize,
}

/// The most characters a string literal may have.
const MAX_LITERAL: usize = 4_000;

/// Longer symbols stand before the shorter ones they begin with.
const SYMBOLS: [&str; 11] = ["!=", "<>", "<=", ">=", "(", ")", ",", "=", "<", ">", ":"];

pub(crate) fn tokens(query: &str) -> Result<Vec<Placed>, SoqlError> {
    let mut lexer = Lexer { query, characters: query.chars().collect(), position: 0 };
    let mut tokens = Vec::new();
    while let Some(placed) = lexer.next()? {
        tokens.push(placed);
    }
    Ok(tokens)
}

struct Lexer<'q> {
    query: &'q str,
    characters: Vec<char>,
    position: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Option<Placed>, SoqlError> {
        self.run(char::is_whitespace);
        let position = self.position;
        let Some(first) = self.peek() else { return Ok(None) };
        let token = match first {
            '\'' => self.text()?,
            c if c.is_ascii_alphabetic() || c == '_' => {
                Token::Word(self.run(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' || c == '.' => self.number_or_time()?,
            _ => self.symbol()?,
        };
        Ok(Some(Placed { token, position }))
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.position).copied()
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let start = self.position;
        while self.peek().is_some_and(&belongs) {
            self.position += 1;
        }
        self.characters[start..self.position].iter().collect()
    }

    fn text(&mut self) -> Result<Token, SoqlError> {
        let start = self.position;
        self.position += 1;
        let mut text = String::new();
        loop {
            let c = self.peek().ok_or_else(|| self.error(start, "unterminated string literal"))?;
            self.position += 1;
            match c {
                '\'' if text.chars().count() > MAX_LITERAL => {
                    return Err(SoqlError::longer_than("string literal", MAX_LITERAL));
                }
                '\'' => return Ok(Token::Text(text)),
                '\\' => self.escape(&mut text)?,
                c => text.push(c),
            }
        }
    }

    /// `\%` and `\_` keep their backslash: LIKE has still to tell them from its wildcards.
    fn escape(&mut self, text: &mut String) -> Result<(), SoqlError> {
        let position = self.position;
        let c = self.peek();
        self.position += 1;
        match c {
            Some('n' | 'N') => text.push('\n'),
            Some('r' | 'R') => text.push('\r'),
            Some('t' | 'T') => text.push('\t'),
            Some('b' | 'B') => text.push('\u{8}'),
            Some('f' | 'F') => text.push('\u{c}'),
            Some(c @ ('\'' | '"')) => text.push(c),
            Some('\\') => text.push_str("\\\\"),
            Some(c @ ('%' | '_')) => text.extend(['\\', c]),
            _ => return Err(self.error(position, "Illegal string escape")),
        }
        Ok(())
    }

    fn number_or_time(&mut self) -> Result<Token, SoqlError> {
        let start = self.position;
        self.position += 1;
        let mut word = self.characters[start].to_string();
        word.push_str(&self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '+')));
        if let Ok(number) = word.parse::<f64>() {
            return Ok(Token::Number(number));
        }
        let time =
            word.parse::<Timestamp>().map_err(|_| self.error(start, "line 1: invalid number or dateTime"))?;
        Ok(Token::Time(time))
    }

    fn symbol(&mut self) -> Result<Token, SoqlError> {
        let rest = &self.characters[self.position..];
        let found =
            SYMBOLS.into_iter().find(|symbol| symbol.chars().eq(rest.iter().copied().take(symbol.len())));
        let symbol = found.ok_or_else(|| self.error(self.position, "unexpected token"))?;
        self.position += symbol.len();
        Ok(Token::Symbol(symbol))
    }

    fn error(&self, position: usize, text: &str) -> SoqlError {
        SoqlError::malformed(self.query, position, text)
    }
}
