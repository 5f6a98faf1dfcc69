//! docs/detections/ and the detections' part of infra/policy.yaml are written from the code's own cards: this fails when
//! they are stale, and `cargo test -p session-warden --test judging pages -- --ignored` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use jiff::SignedDuration;
use serde_json::Value;
use session_warden::detection::{About, Confidence, Family, LEFT_OUT, cards};
use session_warden::policy::Policy;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn defaults(card: &About) -> Value {
    serde_json::to_value(Policy::default().detections).unwrap()[card.id]["parameters"].clone()
}

/// A value as people write it in the policy: `15m` for a duration.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => match text.parse::<SignedDuration>() {
            Ok(duration) => {
                let (minutes, hours) = (duration.as_mins(), duration.as_hours());
                if minutes % 60 == 0 { format!("{hours}h") } else { format!("{minutes}m") }
            }
            Err(_) => text.clone(),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn page(family: Family) -> String {
    let (letter, _, heading) = family.names();
    let mut page = format!(
        "# {letter}. {heading}\n\nWritten from the detections' own cards; a test fails when it is stale. \
         Back to [all families](README.md).\n"
    );
    for card in cards().iter().filter(|card| card.family == family) {
        page.push_str(&section(card));
    }
    page
}

fn section(card: &About) -> String {
    let mut text = format!("\n## `{}`\n\n**{}.** {}\n\n", card.id, card.title, card.why);
    let confidence = match card.confidence {
        Confidence::Low => "often innocent",
        Confidence::Medium => "usually right",
        Confidence::High => "rarely wrong",
    };
    let needs: Vec<_> = card.needs.iter().map(|sensor| sensor.object()).collect();
    writeln!(text, "- At most `{}`; {confidence}.", card.severity.name()).unwrap();
    writeln!(text, "- Reads {}.", needs.join(", ")).unwrap();
    writeln!(text, "- MITRE ATT&CK {}; catalogue {}.", card.mitre.join(", "), card.row).unwrap();
    text.push_str("\nQuiet, or of less weight:\n\n");
    for reason in card.quiet {
        writeln!(text, "- {reason}").unwrap();
    }
    let defaults = defaults(card);
    if !card.parameters.is_empty() {
        text.push_str("\n| Parameter | Default | Meaning |\n|---|---|---|\n");
    }
    for (name, meaning) in card.parameters {
        let meaning = meaning.trim().replace('|', "\\|");
        writeln!(text, "| `{name}` | `{}` | {meaning} |", shown(&defaults[*name])).unwrap();
    }
    text
}

fn overview() -> String {
    let mut page = String::from(
        "# Detections\n\nEach is a pure function of what was learned and one observation. It says what was seen, against \
         which baseline, and what would have changed the verdict; without its minimum of history it abstains.\n\n\
         Severity says how bad one detection's word is by itself. `info` alone opens no finding: it is context for what else \
         is said of the same subject. In a finding the strongest detection of each family counts fully and further ones of \
         the same family a little, because they look at the same thing; two families of `medium` make a `high`. `unlikely-login` \
         uses the same evidence as the others, so its score is not added; the higher of the two counts. The policy \
         contains by itself only where two families have something of at least `medium` to say, or one detection that is rarely \
         wrong says `high`.\n",
    );
    for family in Family::ALL {
        let (letter, name, heading) = family.names();
        writeln!(
            page,
            "\n## {letter}. [{heading}]({name}.md)\n\n| Detection | Sees | At most |\n|---|---|---|"
        )
        .unwrap();
        for card in cards().iter().filter(|card| card.family == family) {
            writeln!(
                page,
                "| [`{0}`]({name}.md#{0}) | {1} | {2} |",
                card.id,
                card.title,
                card.severity.name()
            )
            .unwrap();
        }
    }
    page.push_str("\n## Left out\n\n| Row | Would see | Why not |\n|---|---|---|\n");
    for (row, sees, why) in LEFT_OUT {
        writeln!(page, "| {row} | {sees} | {why} |").unwrap();
    }
    page
}

fn pages() -> Vec<(PathBuf, String)> {
    let directory = root().join("docs/detections");
    let mut pages: Vec<_> =
        Family::ALL.map(|family| (directory.join(format!("{}.md", family.names().1)), page(family))).into();
    pages.push((directory.join("README.md"), overview()));
    let policy = root().join("infra/policy.yaml");
    let written = fs::read_to_string(&policy).unwrap();
    let (before, _) = written.split_once("\ndetections:\n").unwrap();
    pages.push((policy, format!("{before}\ndetections:\n{}", policy_section())));
    pages
}

/// The detections' part of the policy, every parameter with its default and meaning.
fn policy_section() -> String {
    let mut text = String::new();
    for card in cards() {
        let defaults = defaults(card);
        writeln!(text, "  # {} ({})", card.title, card.row).unwrap();
        if card.parameters.is_empty() {
            writeln!(text, "  {}: {{}}", card.id).unwrap();
            continue;
        }
        writeln!(text, "  {}:\n    parameters:", card.id).unwrap();
        for (name, meaning) in card.parameters {
            let meaning = meaning.trim().replace('`', "");
            writeln!(text, "      # {meaning}\n      {name}: {}", shown(&defaults[*name])).unwrap();
        }
    }
    text
}

#[test]
fn the_pages_say_what_the_code_does() {
    for (file, wanted) in pages() {
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(found == wanted, "{} is stale: write it anew with `-- --ignored`", file.display());
    }
}

#[test]
#[ignore = "writes docs/detections and the detections' part of infra/policy.yaml"]
fn write_the_pages() {
    for (file, text) in pages() {
        fs::write(file, text).unwrap();
    }
}

#[test]
fn every_row_of_the_catalogue_is_built_or_left_out_with_a_reason() {
    let counts =
        [('A', 17), ('B', 12), ('C', 11), ('D', 7), ('E', 9), ('F', 7), ('G', 7), ('H', 10), ('I', 3)];
    let all: BTreeSet<_> = counts
        .into_iter()
        .flat_map(|(letter, count)| (1..=count).map(move |n| format!("{letter}{n}")))
        .collect();
    let built =
        cards().iter().flat_map(|card| card.row.split(", ")).filter(|row| *row != "new").map(str::to_owned);
    let built: Vec<_> = built.chain(LEFT_OUT.iter().map(|(row, ..)| (*row).to_owned())).collect();
    let unique: BTreeSet<_> = built.iter().cloned().collect();
    assert_eq!(unique.len(), built.len(), "a row is claimed twice");
    assert_eq!(unique.symmetric_difference(&all).collect::<Vec<_>>(), Vec::<&String>::new());
}
