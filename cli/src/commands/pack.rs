//! `warden pack`: builds a network pack, and shows what one holds.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use session_warden::clock::{Clock, SystemClock};
use session_warden::observation::{CountryCode, ProviderKind};
use session_warden::packs::{Manifest, NetworkPack, Provider, build};

use crate::arguments::Output;
use crate::exit::Exit;
use crate::output::{self, harmless};

/// `warden pack`.
#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    /// Build a network pack from packages of the npm registry; `make packs` gets them.
    Build(BuildOptions),
    /// Show what a network pack was built from and under which licences, and what it knows of addresses.
    Show(ShowOptions),
}

/// `warden pack build`.
#[derive(Debug, Args)]
pub(crate) struct BuildOptions {
    /// The folder with the packages, such as node_modules.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Where to write the pack.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

/// `warden pack show`.
#[derive(Debug, Args)]
pub(crate) struct ShowOptions {
    /// The pack.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// An address to look up; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<IpAddr>,
}

/// Builds a pack, or shows one.
pub(crate) fn run(command: &PackCommand, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "pack")?;
    match command {
        PackCommand::Build(options) => {
            let built = build(&options.from, SystemClock.now())?;
            output::write_file(&options.to, &built.bytes)?;
            show(&NetworkPack::open(&options.to)?, &[], format)?;
        }
        PackCommand::Show(options) => show(&NetworkPack::open(&options.file)?, &options.ip, format)?,
    }
    Ok(Exit::Clean)
}

fn show(pack: &NetworkPack, addresses: &[IpAddr], format: Output) -> anyhow::Result<()> {
    let ([v4, v6], found) =
        (pack.ranges(), addresses.iter().map(|address| (address, pack.look_up(*address))));
    if format == Output::Json {
        let found: Vec<_> = found.map(|(address, known)| document(address, known)).collect();
        let manifest = pack.manifest();
        return output::say_json(&json!({
            "bytes": pack.size(), "ranges_v4": v4, "ranges_v6": v6, "manifest": manifest, "addresses": found,
        }));
    }
    let megabytes = pack.size() as f64 / 1e6;
    output::say(&format!("{v4} ranges of IPv4 and {v6} of IPv6 in {megabytes:.1} MB."))?;
    say_sources(pack.manifest())?;
    for (address, known) in found {
        output::say(&format!("{address}: {}", known.map_or_else(|| "nothing is known".to_owned(), words)))?;
    }
    Ok(())
}

fn say_sources(manifest: &Manifest) -> anyhow::Result<()> {
    let (built, by) = (manifest.built_at.strftime("%F"), harmless(&manifest.built_by));
    output::say(&format!("Built on {built} by {by} from data of {}:", manifest.as_of.strftime("%F")))?;
    for source in &manifest.sources {
        output::say(&format!(
            "  {} {}, {} rows, {} left out, {}: {}.",
            harmless(&source.package),
            harmless(&source.version),
            source.rows,
            source.left_out,
            harmless(&source.licence),
            harmless(&source.attribution),
        ))?;
    }
    Ok(())
}

fn document(address: &IpAddr, known: Option<Provider<'_>>) -> serde_json::Value {
    json!({
        "address": address,
        "asn": known.and_then(|known| known.asn),
        "provider": known.map(|known| known.name),
        "kind": known.map(|known| known.kind),
        "country": known.and_then(|known| known.country),
    })
}

fn words(known: Provider<'_>) -> String {
    let system = known.asn.map_or_else(
        || "no system announces it".to_owned(),
        |asn| format!("{} (AS{asn})", harmless(known.name)),
    );
    let kind = match known.kind {
        ProviderKind::Hosting => ", rents out machines",
        ProviderKind::Mobile => ", carries phones",
        ProviderKind::Other => "",
    };
    let country = known.country.map(|country: CountryCode| format!(", registered in {country}"));
    format!("{system}{kind}{}", country.unwrap_or_default())
}
