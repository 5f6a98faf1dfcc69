//! A line about an org, for scripts and spreadsheets.

use comfy_table::Color;
use serde::Serialize;
use session_warden::posture::{Examined, PostureCheck};

use super::OrgPosture;
use crate::exit::Exit;

/// A thing that was found, something that could not be read, or a check that has nothing to say.
#[derive(Debug, Serialize)]
pub(super) struct PostureRow<'a> {
    org: &'a str,
    /// `None` where the whole org could not be examined.
    check: Option<&'static str>,
    title: Option<&'static str>,
    pub(super) state: State,
    subject: Option<&'a str>,
    detail: String,
    why: Option<&'static str>,
    fix: Option<&'static str>,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Clean,
    Off,
    Found,
    Unreadable,
    Failed,
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Off => "off",
            Self::Found => "found",
            Self::Unreadable => "unreadable",
            Self::Failed => "failed",
        }
    }

    pub(super) const fn colour(self) -> Color {
        match self {
            Self::Clean => Color::Green,
            Self::Off => Color::Reset,
            Self::Found | Self::Failed => Color::Red,
            Self::Unreadable => Color::Yellow,
        }
    }

    /// Of an org that failed, the error says more.
    pub(super) const fn exit(self) -> Exit {
        match self {
            Self::Clean | Self::Off | Self::Failed => Exit::Clean,
            Self::Found => Exit::Findings,
            Self::Unreadable => Exit::Blind,
        }
    }
}

impl<'a> PostureRow<'a> {
    /// The header of the CSV, of names that the JSON has too.
    pub(super) const CSV: &'static [&'static str] =
        &["org", "check", "title", "state", "subject", "detail", "why", "fix"];

    pub(super) fn of_org(org: &'a OrgPosture) -> Vec<Self> {
        match &org.outcome {
            Ok(checks) => checks
                .iter()
                .flat_map(|(check, examined)| Self::of(&org.org, check, examined.as_ref()))
                .collect(),
            Err(error) => vec![Self {
                org: &org.org,
                check: None,
                title: None,
                state: State::Failed,
                subject: None,
                detail: format!("{error:#}"),
                why: None,
                fix: None,
            }],
        }
    }

    fn of(org: &'a str, check: &PostureCheck, examined: Option<&'a Examined>) -> Vec<Self> {
        let row = |state, subject, detail| Self {
            org,
            check: Some(check.id),
            title: Some(check.title),
            state,
            subject,
            detail,
            why: Some(check.why),
            fix: Some(check.fix),
        };
        let Some(Examined { looked_at, findings, unreadable }) = examined else {
            return vec![row(State::Off, None, String::new())];
        };
        let found =
            findings.iter().map(|found| row(State::Found, Some(&*found.subject), found.detail.clone()));
        let unread = unreadable.iter().map(|needs| row(State::Unreadable, None, needs.clone()));
        let rows: Vec<_> = found.chain(unread).collect();
        if rows.is_empty() { vec![row(State::Clean, None, format!("{looked_at} looked at"))] } else { rows }
    }
}
