//! Every file that is kept in `fuzz/corpus/` is fed to every parser, not just to the one that it was made for.

#![allow(clippy::unwrap_used, reason = "a test's support fails the test")]

use std::fs;
use std::path::PathBuf;

use hostile_input::TARGETS;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

fn corpus() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus"))
}

fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(corpus().join(target)).unwrap_or_else(|error| panic!("{target}: {error}"));
    files.map(|file| file.unwrap().path()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn what_is_kept_harms_no_parser() {
    for (folder, _) in TARGETS {
        let files = kept(folder);
        assert!(!files.is_empty(), "nothing is kept for {folder}");
        for (path, content) in files {
            for (parser, feed) in TARGETS {
                println!("{parser} < {}", path.display());
                feed(&content);
            }
        }
    }
}

/// Variants of each kept file that its parser is fed, the same each time.
const VARIANTS: usize = 40;

#[test]
fn what_is_almost_what_is_kept_harms_no_parser() {
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    for (folder, feed) in TARGETS {
        let files = kept(folder);
        for (path, content) in &files {
            for variant in 0..VARIANTS {
                let mut bytes = content.clone();
                for _ in 0..dice.random_range(1..5) {
                    change(&mut bytes, &files, &mut dice);
                }
                println!("{folder} < {}, variant {variant}: {bytes:?}", path.display());
                feed(&bytes);
            }
        }
    }
}

/// Pieces that mean something to some parser.
const PIECES: [&[u8]; 16] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"\\",
    b",",
    b";",
    b"{",
    b"]",
    b": ",
    b"- ",
    b"&a *a",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"99999999999999999999",
];

fn change(bytes: &mut Vec<u8>, files: &[(PathBuf, Vec<u8>)], dice: &mut ChaCha8Rng) {
    let at = dice.random_range(0..=bytes.len());
    let end = dice.random_range(at..=bytes.len().min(at + 64));
    match dice.random_range(0..6) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
        3 => drop(bytes.splice(at..at, PIECES[dice.random_range(0..PIECES.len())].iter().copied())),
        4 => {
            let (_, other) = &files[dice.random_range(0..files.len())];
            bytes.truncate(at);
            bytes.extend(&other[dice.random_range(0..=other.len())..]);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.random();
            }
        }
    }
}

#[test]
fn every_folder_and_every_fuzz_target_is_a_parser() {
    let mut known: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    known.sort();
    for (folder, end) in [(corpus(), ""), (corpus().join("../fuzz_targets"), ".rs")] {
        let names =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.map(|name| name.trim_end_matches(end).to_owned()).collect();
        names.sort();
        assert_eq!(names, known);
    }
}
