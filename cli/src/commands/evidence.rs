//! `warden evidence verify`: whether the evidence is what was once written.

use anyhow::Context;
use serde::Serialize;
use session_warden::evidence::{Ledger, LedgerError, SignedHead};
use session_warden::observation::OrgId;

use crate::arguments::{EvidenceCommand, Output, VerifyOptions};
use crate::exit::Exit;
use crate::output;
use crate::workplace::Workplace;

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
    }
}

async fn verify(options: &VerifyOptions, format: Output) -> anyhow::Result<Exit> {
    let workplace = Workplace::open(&options.store).await?;
    let given = options.head.as_deref().map(|path| {
        SignedHead::read(path)?.with_context(|| format!("There is no signed head at {}", path.display()))
    });
    let given = given.transpose()?;
    let mut verdicts = Vec::new();
    for org in workplace.orgs().await? {
        verdicts.push(judge(&workplace, &org, given.as_ref()).await?);
    }
    match format {
        Output::Json => output::say_json(&verdicts)?,
        Output::Csv => output::no_list("evidence")?,
        Output::Table => show(&verdicts)?,
    }
    let all_intact = verdicts.iter().all(|verdict| verdict.intact);
    Ok(if all_intact { Exit::Clean } else { Exit::Findings })
}

/// Verifies one chain against the signed head: the one that was given if it is this org's, else the one beside the
/// store.
async fn judge(workplace: &Workplace, org: &OrgId, given: Option<&SignedHead>) -> anyhow::Result<Verdict> {
    let signed = match given {
        Some(signed) => Some(signed.clone()),
        None => SignedHead::read(&workplace.head_file(org))?,
    };
    let mut verdict = Verdict {
        org_id: org.clone(),
        intact: false,
        entries: 0,
        redacted: 0,
        anchored: signed.is_some(),
        problem: None,
    };
    let head = match signed
        .as_ref()
        .map(|signed| signed.verify_against(&workplace.signer()?.public_key()).map_err(anyhow::Error::from))
    {
        Some(Err(error)) => {
            verdict.problem = Some(error.to_string());
            return Ok(verdict);
        }
        Some(Ok(head)) if head.org != *org => None,
        Some(Ok(head)) => Some(head),
        None => None,
    };
    match Ledger::new(workplace.store.as_ref(), org.clone()).verify(head).await {
        Ok(verified) => {
            (verdict.intact, verdict.entries, verdict.redacted) = (true, verified.entries, verified.redacted);
        }
        Err(LedgerError::Store(error)) => return Err(error.into()),
        Err(error) => verdict.problem = Some(error.to_string()),
    }
    Ok(verdict)
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
