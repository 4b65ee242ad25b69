//! Scene files that nobody would write: whatever the text, an answer and never a panic.
//!
//! Every input is a scene of `tests/corpus` or `tests/broken` with parts cut out, doubled, moved,
//! or replaced by words of the format. A million of them, with checks for overflow:
//! `PROPTEST_CASES=1000000 cargo test --profile fuzz --test fuzz`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{FileFailurePersistence, TestCaseError, TestRunner};
use twinworld::scene::{check, parse, to_ron};

/// Texts to start from: good ones, and broken ones.
static CORPUS: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| {
    ["tests/corpus", "tests/broken"].map(|folder| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "ron"));
        files.sort();
        files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    })
});

/// Words and numbers that mean something somewhere.
const WORDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "0.5",
    "1e308",
    "-0.0",
    "1e-320",
    "NaN",
    "inf",
    "18446744073709551615",
    "99999999999999999999",
    "\"\"",
    "\"a\"",
    "\"lake\"",
    "\"hue\"",
    "\"duck\"",
    "\"habitat\"",
    "()",
    "[]",
    "{}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'x'",
    "r#\"x\"#",
    "//",
    "/*",
    "*/",
    "Some",
    "None",
    "true",
    "Bernoulli(0.5)",
    "Uniform(0.0, 1.0)",
    "Categorical([0.5, 0.5])",
    "Categorical([0.2, 0.3, 0.5])",
    "Constant(2)",
    "Normal(mean: 0, sd: 1)",
    "Clock(period: 3)",
    "Equation(\"hue + normal > 0.3\")",
    "Equation(\"1 / 0\")",
    "Equation(\"((((1))))\")",
    "Gate(rule: \"hue > 0.5\", flip: 0.1)",
    "Cases(rules: [\"lake\", \"hue > 0.2\"])",
    "NoisyCopy(of: \"lake\", flip: 1.0)",
    "Confounded(by: \"habitat\", strength: -1.0)",
    "Table(of: [\"lake\", \"lake\"], rows: [])",
    "Linear(terms: [(\"hue\", 1e300)], sd: 1e300)",
    "Snc",
    "Sc",
    "Nc",
    "Spurious",
    "Nuisance",
    "Observation",
    "selection: \"lake\",",
    "selection: \"hue > 0.999999\",",
    "dials: {\"s\": 0.5},",
    "contrast: (0.0, 1.0)",
    "disturbances: [Noise(level: 5)],",
    "disturbances: [Missing(probability: 1)],",
    "regimes: {\"a\": [RandomiseNonCausal, Unselect]},",
    "regimes: {\"b\": [Set(\"lake\", 7)]},",
    "Vector(name: \"v\", entries: [(of: \"hue * lake\", times: 3)], rotation: 1)",
    "\u{e9}\u{1f986}",
];

/// One change of a text. Places are parts of the whole text, cut to character boundaries.
#[derive(Clone, Debug)]
enum Change {
    Cut(Index, u8),
    Double(Index, u8),
    Move(Index, u8, Index),
    Insert(Index, usize),
    Exchange(Index, Index),
    Remake(Index, usize),
    Byte(Index, char),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let word = || 0..WORDS.len();
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(a, n)| Change::Cut(a, n)),
        1 => (at(), any::<u8>()).prop_map(|(a, n)| Change::Double(a, n)),
        1 => (at(), any::<u8>(), at()).prop_map(|(a, n, b)| Change::Move(a, n, b)),
        1 => (at(), word()).prop_map(|(a, w)| Change::Insert(a, w)),
        24 => (at(), at()).prop_map(|(a, b)| Change::Exchange(a, b)),
        12 => (at(), word()).prop_map(|(a, w)| Change::Remake(a, w)),
        1 => (at(), any::<char>()).prop_map(|(a, c)| Change::Byte(a, c)),
    ]
}

/// The nearest character boundary at or before a place.
fn boundary(text: &str, place: &Index) -> usize {
    let at = place.index(text.len() + 1);
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// The end of a stretch of about `length` bytes.
fn end(text: &str, start: usize, length: u8) -> usize {
    let wanted = (start + usize::from(length)).min(text.len());
    (wanted..=text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len())
}

/// What a value of a text is: a name, a number or a string. One for another of its kind most likely
/// leaves a scene that can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Number,
    String,
}

fn kind(value: &str) -> Kind {
    match value.chars().next() {
        Some('"') => Kind::String,
        Some(c) if c.is_alphabetic() || c == '_' => Kind::Name,
        _ => Kind::Number,
    }
}

/// The values of a text, in their order.
fn values(text: &str) -> Vec<Range<usize>> {
    let inside = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if c == '"' {
            rest[1..].find('"').map_or(rest.len(), |i| i + 2)
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if inside(c) {
            rest.find(|c| !inside(c)).unwrap_or(rest.len())
        } else {
            at += c.len_utf8();
            continue;
        };
        found.push(at..at + length);
        at += length;
    }
    found
}

/// Replaces a value by another of its kind, from the text or from [`WORDS`].
fn exchange(text: &mut String, place: &Index, other: &Index) {
    let all = values(text);
    if all.is_empty() {
        return;
    }
    let at = place.get(&all).clone();
    let wanted = kind(&text[at.clone()]);
    let known = WORDS.iter().map(|word| (*word).to_owned()).filter(|w| values(w).len() == 1);
    let own = all.iter().map(|value| text[value.clone()].to_owned());
    let same: Vec<String> = own.chain(known).filter(|value| kind(value) == wanted).collect();
    let new: &String = other.get(&same);
    text.replace_range(at, new);
}

/// Replaces a mechanism, from its name to its closing parenthesis, by one of [`WORDS`].
fn remake(text: &mut String, place: &Index, word: usize) {
    let starts: Vec<usize> = text.match_indices("mechanism: ").map(|(i, m)| i + m.len()).collect();
    let mechanisms: Vec<&&str> = WORDS.iter().filter(|w| w.ends_with(')') && w.len() > 3).collect();
    if starts.is_empty() {
        return;
    }
    let start = *place.get(&starts);
    let mut depth = 0;
    let end = text[start..].char_indices().find_map(|(i, c)| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        (c == ')' && depth == 0).then_some(start + i + 1)
    });
    let Some(end) = end else { return };
    text.replace_range(start..end, mechanisms[word % mechanisms.len()]);
}

fn apply(text: &mut String, change: &Change) {
    match change {
        Change::Cut(at, length) => {
            let start = boundary(text, at);
            text.replace_range(start..end(text, start, *length), "");
        }
        Change::Double(at, length) => {
            let start = boundary(text, at);
            let part = text[start..end(text, start, *length)].to_owned();
            text.insert_str(start, &part);
        }
        Change::Move(at, length, to) => {
            let start = boundary(text, at);
            let stop = end(text, start, *length);
            let part = text[start..stop].to_owned();
            text.replace_range(start..stop, "");
            let to = boundary(text, to);
            text.insert_str(to, &part);
        }
        Change::Insert(at, word) => {
            let at = boundary(text, at);
            text.insert_str(at, WORDS[*word]);
        }
        Change::Exchange(at, other) => exchange(text, at, other),
        Change::Remake(at, word) => remake(text, at, *word),
        Change::Byte(at, c) => {
            let at = boundary(text, at);
            text.insert(at, *c);
        }
    }
}

fn cases() -> ProptestConfig {
    // Proptest reads PROPTEST_CASES itself; without it a few thousand do for every day.
    let set = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    // Inputs that once failed are saved there, and tried first.
    let saved = FileFailurePersistence::Direct("tests/corpus/failures.txt");
    ProptestConfig {
        cases: if set { default.cases } else { 4000 },
        failure_persistence: Some(Box::new(saved)),
        ..default
    }
}

/// What became of the inputs.
#[derive(Default)]
struct Outcomes {
    right: AtomicUsize,
    /// The scene was understood and found wrong.
    wrong: AtomicUsize,
    /// It is no scene at all.
    unread: AtomicUsize,
}

fn count(outcome: &AtomicUsize) {
    outcome.fetch_add(1, Ordering::Relaxed);
}

/// One input, from text to answer.
fn answer(text: &str, outcomes: &Outcomes) -> Result<(), TestCaseError> {
    match check(text, "fuzz.ron") {
        // What is wrong is said in words, with a place within the text.
        Err(error) => {
            let read = twinworld::scene::read(text, "fuzz.ron").is_ok();
            count(if read { &outcomes.wrong } else { &outcomes.unread });
            prop_assert!(!error.problem.is_empty());
            if let Some((line, _)) = error.position {
                prop_assert!((1..=text.lines().count() + 1).contains(&line), "{error}");
            }
        }
        // What is right can be written and read again. The truth takes longest: one in 64.
        Ok(scene) => {
            count(&outcomes.right);
            let again = check(&to_ron(&scene), "fuzz.ron").map_err(|e| e.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&scene));
            if text.len().is_multiple_of(64) {
                let _ = parse(text, "fuzz.ron");
            }
        }
    }
    Ok(())
}

#[test]
fn any_text_gets_an_answer() {
    let outcomes = Outcomes::default();
    let inputs =
        (prop::bool::weighted(0.2), any::<Index>(), prop::collection::vec(change(), 1..=2));
    let outcome = TestRunner::new(cases()).run(&inputs, |(broken, seed, changes)| {
        let mut text = seed.get(&CORPUS[usize::from(broken)]).clone();
        changes.iter().for_each(|change| apply(&mut text, change));
        answer(&text, &outcomes)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // A fuzzer whose inputs all fail at the first comma tests little.
    let [right, wrong, unread] = [&outcomes.right, &outcomes.wrong, &outcomes.unread]
        .map(|outcome| outcome.load(Ordering::Relaxed));
    let all = right + wrong + unread;
    assert!(25 * right > all && 8 * wrong > all, "{right} right, {wrong} wrong, {unread} unread");
}
