//! `warden evidence`: whether the evidence is what was once written, and one case of it for others.

pub(crate) mod export;
pub(crate) mod prune;
pub(crate) mod redact;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Serialize;
use session_warden::evidence::{Anchor, Head, Ledger, LedgerError, SignedHead};
use session_warden::observation::OrgId;

use crate::arguments::{EvidenceCommand, Output, VerifyOptions};
use crate::exit::Exit;
use crate::output;
use crate::workplace::Workplace;

/// The problem of a chain that has entries and no anchor.
const NO_HEAD: &str =
    "no signed head is kept for it; whoever can write the store could have shortened or rewritten it";

/// What was found of one org's chain.
#[derive(Debug, Serialize)]
struct Verdict {
    org_id: OrgId,
    intact: bool,
    entries: u64,
    redacted: u64,
    anchored: bool,
    problem: Option<String>,
}

/// Runs a command about evidence.
pub(crate) async fn run(command: &EvidenceCommand, format: Output) -> anyhow::Result<Exit> {
    match command {
        EvidenceCommand::Verify(options) => verify(options, format).await,
        EvidenceCommand::Export(options) => export::export(options, format).await,
        EvidenceCommand::Prune(options) => prune::run(options, format).await,
        EvidenceCommand::Redact(options) => redact::run(options, format).await,
    }
}

async fn verify(options: &VerifyOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "evidence")?;
    let workplace = Workplace::existing(&options.store).await?;
    let given = given_head(options.head.as_deref())?;
    let mut orgs: BTreeSet<_> = workplace.orgs().await?.into_iter().collect();
    // Of an org that the store has forgotten, the signed head still tells.
    orgs.extend(given.as_ref().map(|given| given.head().org.clone()));
    let mut verdicts = Vec::new();
    for org in orgs {
        verdicts.push(judge(&workplace, org, given.as_ref()).await?);
    }
    match format {
        Output::Json => output::say_json(&verdicts)?,
        Output::Table | Output::Csv => show(&verdicts)?,
    }
    let all_intact = verdicts.iter().all(|verdict| verdict.intact);
    Ok(if all_intact { Exit::Clean } else { Exit::Findings })
}

/// A head that the person who asks brings along.
fn given_head(path: Option<&Path>) -> anyhow::Result<Option<Anchor>> {
    let Some(path) = path else { return Ok(None) };
    let given = Anchor::read(path)?;
    ensure!(given.is_some(), "There is no head at {}", path.display());
    Ok(given)
}

/// Verifies one chain against its anchor. An empty chain needs none.
async fn judge(workplace: &Workplace, org: OrgId, given: Option<&Anchor>) -> anyhow::Result<Verdict> {
    let anchor = anchor_of(workplace, &org, given);
    let mut verdict = Verdict {
        org_id: org.clone(),
        intact: false,
        entries: 0,
        redacted: 0,
        anchored: matches!(anchor, Ok(Some(_))),
        problem: None,
    };
    let anchor = match anchor {
        Ok(anchor) => anchor,
        Err(error) => {
            verdict.problem = Some(format!("{error:#}"));
            return Ok(verdict);
        }
    };
    match Ledger::new(workplace.store.as_ref(), org).verify(anchor.as_ref()).await {
        Ok(verified) => {
            (verdict.entries, verdict.redacted) = (verified.entries, verified.redacted);
            verdict.intact = verdict.anchored || verified.entries == 0;
            verdict.problem = (!verdict.intact).then(|| NO_HEAD.to_owned());
        }
        Err(LedgerError::Store(error)) => return Err(error.into()),
        Err(error) => verdict.problem = Some(error.to_string()),
    }
    Ok(verdict)
}

/// The head that a chain must lead through: the one that was given if it is this org's, else the one beside the store. A
/// signed one counts if the key beside the store signed it.
fn anchor_of(workplace: &Workplace, org: &OrgId, given: Option<&Anchor>) -> anyhow::Result<Option<Head>> {
    let signed = match given.filter(|given| given.head().org == *org) {
        Some(Anchor::Kept(head)) => return Ok(Some(head.clone())),
        Some(Anchor::Signed(signed)) => Some(signed.clone()),
        None => SignedHead::read(&workplace.head_file(org))?,
    };
    let Some(signed) = signed else { return Ok(None) };
    let key = workplace.public_key()?.with_context(|| {
        let file = workplace.key_file();
        format!("there is a signed head, but not the key that it must be signed with: {}", file.display())
    })?;
    Ok(Some(signed.verify_against(&key)?.clone()))
}

fn show(verdicts: &[Verdict]) -> anyhow::Result<()> {
    if verdicts.is_empty() {
        return output::say("The store holds no org yet, so there is no evidence to verify.");
    }
    let mut table = output::table(&["Org", "Evidence", "Entries", "Redacted", "Signed head"]);
    for verdict in verdicts {
        let state = verdict.problem.as_deref().unwrap_or("intact");
        let anchored = if verdict.anchored { "verified against" } else { "none kept" };
        table.add_row([
            output::cell(verdict.org_id.as_str()),
            output::cell(state),
            output::cell(verdict.entries.to_string()),
            output::cell(verdict.redacted.to_string()),
            output::cell(anchored),
        ]);
    }
    output::say(&table.to_string())
}
