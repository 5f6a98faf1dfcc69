//! Queries of the Tooling API, as far as two objects: Profile with its `Metadata`, which comes only where the result is one
//! record, and SecurityHealthCheckRisks. Tooling API: `tooling_api_objects_profile.htm`,
//! `tooling_api_objects_securityhealthcheckrisks.htm`.

use super::query::QueryRequest;
use super::{Call, Shared};
use crate::access::RestError;
use crate::objects::profile::Profile;
use crate::org::Org;
use crate::permission::Permission;
use crate::security_setting::SecuritySetting;
use crate::soql::{Condition, Item, Literal, Operator, Query as Soql, SoqlError, parse};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

const PROFILE: [&str; 4] = ["Id", "Name", "Description", "Metadata"];
const RISKS: [&str; 6] = ["DurableId", "Setting", "SettingGroup", "OrgValue", "StandardValue", "RiskType"];
/// Salesforce's own words.
const ONE_ROW: &str = "When retrieving results with Metadata or FullName fields, the query qualifications must specify no \
                       more than one row for retrieval.";

pub(crate) async fn query(
    State(shared): State<Shared>,
    Extension(call): Extension<Call>,
    request: Result<Query<QueryRequest>, QueryRejection>,
) -> Response {
    let Query(request) = request.unwrap_or_default();
    match answered(&shared.org(), &request.q, &call) {
        Ok(records) => {
            let size = records.len();
            axum::Json(json!({"size": size, "totalSize": size, "done": true, "records": records}))
                .into_response()
        }
        Err(error) => error.into_response(),
    }
}

fn answered(org: &Org, text: &str, call: &Call) -> Result<Vec<Json>, RestError> {
    let soql = parse(text)?;
    let may = call.caller.may(Permission::ViewSetup);
    match soql.from.as_str() {
        "Profile" => profiles(org, &soql, may),
        "SecurityHealthCheckRisks" if !may => Err(SoqlError::unknown_object(&soql.from).into()),
        "SecurityHealthCheckRisks" if soql.condition.is_none() => {
            let fields = fields(&soql, &RISKS)?;
            Ok(org
                .security_settings()
                .iter()
                .map(|setting| record(&fields, "SecurityHealthCheckRisks", &risk(setting)))
                .collect())
        }
        other => Err(RestError::from(SoqlError::unknown_object(other)).unmatched()),
    }
}

/// The fields that are asked for, in the object's own letters.
fn fields<'f>(soql: &Soql, known: &[&'f str]) -> Result<Vec<&'f str>, SoqlError> {
    let field = |item: &Item| match item {
        Item::Field(path) => {
            let found = known.iter().find(|known| known.eq_ignore_ascii_case(&path.0));
            found.copied().ok_or_else(|| SoqlError::unknown_field(&path.0, &soql.from))
        }
        _ => Err(SoqlError::unsupported("aggregates are not simulated here").unmatched()),
    };
    soql.select.iter().map(field).collect()
}

fn record(fields: &[&str], object: &str, values: &Json) -> Json {
    let asked = fields.iter().map(|field| ((*field).to_owned(), values[*field].clone()));
    let mut record: Map<_, _> = asked.collect();
    record.insert("attributes".to_owned(), json!({"type": object}));
    Json::Object(record)
}

fn profiles(org: &Org, soql: &Soql, may: bool) -> Result<Vec<Json>, RestError> {
    let fields = fields(soql, &PROFILE)?;
    let found: Vec<_> = match &soql.condition {
        None => org.profiles.all().to_vec(),
        Some(Condition::Compare { path, operator: Operator::Equal, literal: Literal::Text(id) })
            if path.0.eq_ignore_ascii_case("Id") =>
        {
            org.profiles.get(id).into_iter().collect()
        }
        Some(_) => {
            return Err(RestError::from(SoqlError::unsupported("only Id = '…' is simulated")).unmatched());
        }
    };
    if fields.contains(&"Metadata") && found.len() > 1 {
        return Err(SoqlError::unsupported(ONE_ROW).into());
    }
    Ok(found.iter().map(|found| record(&fields, "Profile", &profile(found, may))).collect())
}

/// Without View Setup and Configuration the record comes, and its settings do not.
fn profile(profile: &Profile, may: bool) -> Json {
    let ranges = profile.login_ranges.iter();
    let ranges: Vec<_> = ranges
        .map(|range| json!({"startAddress": range.first, "endAddress": range.last, "description": null}))
        .collect();
    let metadata = if may { json!({"custom": false, "loginIpRanges": ranges}) } else { Json::Null };
    json!({"Id": profile.id.to_string(), "Name": profile.name, "Metadata": metadata})
}

fn risk(setting: &SecuritySetting) -> Json {
    json!({
        "DurableId": format!("{}.{}", setting.group, setting.name),
        "Setting": setting.name,
        "SettingGroup": setting.group,
        "OrgValue": setting.value,
        "StandardValue": setting.standard,
        "RiskType": if setting.meets_standard() { "MEETS_STANDARD" } else { "HIGH_RISK" },
    })
}
