//! A question about an org, and its answer.

use super::facts::{Facts, Readable};

/// A question about an org.
#[derive(Debug, Clone, Copy)]
pub struct PostureCheck {
    /// A stable name.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about what is found.
    pub fix: &'static str,
    /// Returns early where nothing more can be said without what is unreadable.
    pub(super) judge: fn(&Facts, &mut Examined) -> Option<()>,
}

/// What the answer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// How many things were looked at.
    pub looked_at: usize,
    /// What is not as it should be, by its subject.
    pub findings: Vec<Finding>,
    /// What cannot be said, each a sentence with what it needs.
    pub unreadable: Vec<String>,
}

/// A thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// A username, profile, application or setting.
    pub subject: String,
    /// What about it.
    pub detail: String,
}

impl PostureCheck {
    /// Answers the question.
    pub fn examine(&self, facts: &Facts) -> Examined {
        let mut examined = Examined::default();
        // What is missing stands among what is unreadable.
        let _ = (self.judge)(facts, &mut examined);
        examined.findings.sort();
        examined.unreadable.sort();
        examined.unreadable.dedup();
        examined
    }
}

impl Examined {
    /// What was read; where it was not, that is said.
    pub(super) fn need<'f, T>(&mut self, readable: &'f Readable<T>) -> Option<&'f T> {
        readable.as_ref().map_err(|needs| self.unreadable.push(needs.clone())).ok()
    }

    pub(super) fn find(&mut self, subject: impl Into<String>, detail: impl Into<String>) {
        self.findings.push(Finding { subject: subject.into(), detail: detail.into() });
    }
}
