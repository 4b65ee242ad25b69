//! The answer of `truth` as tables for people.

use super::answer::{Answer, ClassAccount, FactorAnswer, Way};
use crate::causal::account::{Account, Estimate};
use crate::cli::console;

/// One table of PN, PS and PNS for each of these classes, and how they were got.
pub fn short(answer: &Answer, classes: &[usize]) {
    for (i, &class) in classes.iter().enumerate() {
        let regime = match answer.regime {
            "iid" => String::new(),
            other => format!(", under the regime `{other}`"),
        };
        let name = &answer.classes[class];
        let gap = if i > 0 { "\n" } else { "" };
        console::say(&format!("{gap}{}: what makes a specimen `{name}`{regime}", answer.scene));
        let row = |factor: &FactorAnswer| {
            let account = factor.accounts.iter().find(|a| a.index == class).map(|a| &a.account)?;
            let [pn, ps, pns] = truth(account);
            Some(vec![factor.name.to_owned(), factor.description.to_owned(), pn, ps, pns])
        };
        let rows: Vec<Vec<String>> = answer.factors.iter().filter_map(row).collect();
        console::say(&console::table(&["factor", "role", "PN", "PS", "PNS"], &rows));
    }
    console::say(&how(answer));
    if answer.selected {
        console::say(&"Only some specimens are kept: all of this is about those.");
    }
    if classes.len() == 1 && answer.classes.len() == 2 && classes[0] == 1 {
        console::say(&format!("--full says more, also of `{}`.", answer.classes[0]));
    }
}

/// How the figures were got.
fn how(answer: &Answer) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    let mut replayed = 0;
    for factor in &answer.factors {
        if let Way::Replays { specimens, because } = &factor.how {
            replayed = *specimens;
            if !reasons.contains(&because.as_str()) {
                reasons.push(because);
            }
        }
    }
    if reasons.is_empty() {
        return "Exact: summed over all of the noise behind the label.".to_owned();
    }
    format!(
        "Exact where no interval stands; else counted over {replayed} replayed twins, with 95% \
         intervals, for {}.",
        reasons.join(" and ")
    )
}

/// A section for each factor and class: bounds and estimates beside the truth, and notes.
pub fn full(answer: &Answer) {
    for factor in &answer.factors {
        for account in &factor.accounts {
            section(answer, factor, account);
        }
    }
    if answer.instrument.is_none() {
        console::say(
            &"\nTheorem 3.3 (Eq. 5) adjusts for a node V: name it with --instrument NODE.",
        );
    }
}

fn section(answer: &Answer, factor: &FactorAnswer, of_class: &ClassAccount) {
    let account = &of_class.account;
    let [absent, present] = factor.contrast;
    console::say(&format!(
        "\n{}: {absent} or {present}, and `{}` ({})",
        factor.name, of_class.class, factor.description
    ));
    let [pn, ps, pns] = truth(account);
    let range = |[low, high]: [f64; 2]| format!("{low:.4} to {high:.4}");
    let bounds = account.bounds;
    let mut rows = vec![
        vec!["the truth".to_owned(), pn, ps, pns],
        vec!["Tian-Pearl bounds".to_owned(), range(bounds.pn), range(bounds.ps), range(bounds.pns)],
        estimate("observation alone", &account.observational),
        estimate("Theorem 3.2, Eq. 2 to 4", &account.theorem_3_2),
    ];
    if let Some(adjustment) = &account.theorem_3_3 {
        let mut row = |name: &str, value: f64| {
            let name = format!("{name}, V = {}", adjustment.instrument);
            let value = with_error(value, value - account.truth.pns);
            rows.push(vec![name, String::new(), String::new(), value]);
        };
        row("Theorem 3.3, Eq. 5", adjustment.pns);
        if let Some(value) = adjustment.wald {
            row("Wald", value);
        }
    }
    console::say(&console::table(&["estimate (error)", "PN", "PS", "PNS"], &rows));
    if !account.bounds_cover {
        console::say(&"  the bounds don't cover the truth");
    }
    let p = account.evidence;
    console::say(&format!(
        "  observed P(y | x) {:.4}, P(y | x') {:.4}; by experiment P(y | do x) {:.4}, \
         P(y | do x') {:.4}{}",
        p.y_given_x,
        p.y_given_not_x,
        p.y_do_x,
        p.y_do_not_x,
        counted(p.specimens),
    ));
    for note in &account.notes {
        console::say(&format!("  {note}"));
    }
    if account.observation_suffices {
        console::say(&"  exogenous and monotone: observation alone tells the truth");
    }
    if let Some(adjustment) = account.theorem_3_3.as_ref().filter(|_| answer.instrument.is_some()) {
        let kind = if adjustment.binned { "bins" } else { "strata" };
        console::say(&format!(
            "  V = {}: {} {kind}{}",
            adjustment.instrument,
            adjustment.strata,
            counted(adjustment.specimens)
        ));
    }
}

fn counted(specimens: Option<usize>) -> String {
    specimens.map_or_else(String::new, |n| format!(" (over {n} replayed specimens)"))
}

fn truth(account: &Account) -> [String; 3] {
    let values = [account.truth.pn, account.truth.ps, Some(account.truth.pns)];
    std::array::from_fn(|i| match (values[i], account.intervals.map(|all| all[i])) {
        (None, _) => UNDEFINED.to_owned(),
        (Some(value), None) => format!("{value:.4}"),
        (Some(value), Some([low, high])) => format!("{value:.3} [{low:.3}, {high:.3}]"),
    })
}

fn estimate(name: &str, found: &Estimate) -> Vec<String> {
    let (values, error) = (found.values, found.error);
    vec![
        name.to_owned(),
        defined(values.pn, error.pn),
        defined(values.ps, error.ps),
        with_error(values.pns, error.pns),
    ]
}

/// What stands where a probability's condition never holds.
const UNDEFINED: &str = "–";

fn defined(value: Option<f64>, error: Option<f64>) -> String {
    value.zip(error).map_or_else(|| UNDEFINED.to_owned(), |(v, e)| with_error(v, e))
}

/// What is said, and in parentheses how far it is off.
fn with_error(value: f64, error: f64) -> String {
    // What rounds to 0 has no sign.
    let clean = |x: f64| if x.abs() < 5e-5 { 0.0 } else { x };
    let error = match clean(error) {
        0.0 => " 0.0000".to_owned(),
        error => format!("{error:+.4}"),
    };
    format!("{:.4} ({error})", clean(value))
}
