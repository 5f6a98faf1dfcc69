//! Every world made, watched and judged, several at a time.

use std::sync::Mutex;
use std::time::Instant;

use anyhow::Context as _;

use crate::options::{CHECKING, Options};
use crate::tally::Tally;
use crate::world::{Scale, World};
use crate::{baselines, reading, watch};

/// Judges the worlds of all seeds.
pub(crate) fn all(options: &Options) -> anyhow::Result<Tally> {
    let explains = options.explain && options.seeds.last >= CHECKING;
    anyhow::ensure!(
        !explains,
        "Seeds from {CHECKING} on are for checking: --explain shows none of their rows"
    );
    let begun = Instant::now();
    let waiting = Mutex::new(options.seeds.first..=options.seeds.last);
    let work = || -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        while let Some(seed) = next(&waiting) {
            let world = one(seed, options).with_context(|| format!("The world of seed {seed}"))?;
            tally.add(world);
        }
        Ok(tally)
    };
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            tally.add(worker.join().map_err(|_| anyhow::anyhow!("A world's thread panicked"))??);
        }
        anyhow::Ok(())
    })?;
    tally.finish(begun.elapsed().as_secs_f64());
    Ok(tally)
}

fn next(waiting: &Mutex<impl Iterator<Item = u64>>) -> Option<u64> {
    waiting.lock().ok()?.next()
}

fn one(seed: u64, options: &Options) -> anyhow::Result<Tally> {
    let world = World::of(seed, &Scale::of(seed, options.days));
    tally_of(world)
}

/// Reads a world as the scanner does, lets it be judged, and holds that against its truth.
pub(crate) fn tally_of(world: World) -> anyhow::Result<Tally> {
    let World { seed, org, truth, span } = world;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(reading::everything(org, &span))?;
    drop(runtime);
    let scores = baselines::judge(&rows.logins);
    let begun = Instant::now();
    let watched = watch::watch(rows, &truth, &span);
    let mut tally = Tally::of_world(seed, &truth, &watched, &span);
    tally.judged_seconds = begun.elapsed().as_secs_f64();
    tally.compare(&scores, &watched.logins, &truth, &span);
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use salesforce_simulator::{CampaignKind, LoginSubType};
    use session_warden::detection::Severity;

    use super::*;
    use crate::tally::ORDINARY;

    #[test]
    fn a_small_world_is_judged_whole_and_alike_each_time() {
        let scale = Scale { users: 60, learned: 21, judged: 10, oddities: 8 };
        let judged = |sub_types| {
            let mut world = World::of(3, &scale);
            world.org.switches_mut().login_sub_type = sub_types;
            let mut tally = tally_of(world).unwrap();
            tally.finish(0.0);
            tally.judged_seconds = 0.0;
            tally
        };
        let tally = judged(LoginSubType::Code);
        assert_eq!(tally.recall.len(), CampaignKind::ALL.len(), "{:?}", tally.recall.keys());
        let (all, benign) = (tally.all_recall(), tally.all_benign());
        assert!(all.seen() * 2 > all.taken && all.at_first() <= all.seen(), "{all:?}");
        assert!(benign.logins > 1_000 && tally.benign.len() > 4, "{:?}", tally.benign);
        assert!(tally.benign[ORDINARY].share(Severity::High) < 0.05, "{:?}", tally.benign);
        assert!(tally.others.rules.values().any(|rule| rule.found > 0), "{:?}", tally.others);
        for sub_types in [LoginSubType::Code, LoginSubType::Label] {
            let again = serde_json::to_string(&judged(sub_types)).unwrap();
            assert_eq!(again, serde_json::to_string(&tally).unwrap(), "{sub_types:?}");
        }
    }
}
