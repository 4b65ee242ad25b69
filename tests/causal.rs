//! Causal claims, on random models.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use twinworld::causal::bounds::Evidence;
use twinworld::causal::causation::{Query, truth};
use twinworld::causal::{Action, Interventions, Mechanism, Scm, exogenous};

/// A binary model of up to seven nodes: each a table over some of the nodes before it.
fn model() -> impl Strategy<Value = Vec<(String, Mechanism)>> {
    let node = (any::<u8>(), prop::collection::vec(0.0..=1.0_f64, 8));
    prop::collection::vec(node, 2..=7).prop_map(|nodes| {
        let name = |i: usize| format!("n{i}");
        nodes
            .into_iter()
            .enumerate()
            .map(|(i, (bits, ones))| {
                let chosen = (0..i).filter(|j| bits >> j & 1 == 1).take(3);
                let of: Vec<String> = chosen.map(name).collect();
                let rows = (0..1_usize << of.len())
                    .map(|row| {
                        let when = (0..of.len()).map(|j| row >> j & 1).collect();
                        (when, vec![1.0 - ones[row], ones[row]])
                    })
                    .collect();
                (name(i), Mechanism::Table { of, rows })
            })
            .collect()
    })
}

fn build(nodes: &[(String, Mechanism)]) -> Scm {
    let declared: Vec<(&str, &Mechanism)> = nodes.iter().map(|(n, m)| (n.as_str(), m)).collect();
    Scm::build(&declared).unwrap()
}

fn play(scm: &Scm, noise: &[f64], interventions: &Interventions) -> Vec<f64> {
    let mut values = vec![0.0; scm.len()];
    scm.propagate(noise, interventions, &mut values);
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_twin_differs_from_its_specimen_in_descendants_alone(
        nodes in model(), seed: u64, specimen: u64, pick: prop::sample::Index, value in 0..2_u8,
    ) {
        let scm = build(&nodes);
        let mut noise = vec![0.0; scm.len()];
        exogenous::draw(&scm, seed, specimen, &mut noise);
        let natural = play(&scm, &noise, &Interventions::none());
        prop_assert_eq!(&natural, &play(&scm, &noise, &Interventions::none()));

        let node = pick.index(scm.len());
        let value = f64::from(value);
        let twin = play(&scm, &noise, &Interventions::set(node, value));
        prop_assert_eq!(twin[node], value, "do sets the node, whatever its parents say");
        let below = scm.descendants(node);
        for other in (0..scm.len()).filter(|n| !below.contains(n)) {
            prop_assert_eq!(twin[other].to_bits(), natural[other].to_bits());
        }
        // Consistency: setting a node to the value it has changes nothing.
        let same = play(&scm, &noise, &Interventions::set(node, natural[node]));
        prop_assert_eq!(same, natural);
    }

    #[test]
    fn pn_and_ps_weighted_are_pns(nodes in model(), pick: prop::sample::Index) {
        let scm = build(&nodes);
        let label = scm.len() - 1;
        let factor = pick.index(label);
        let query = Query { factor, label, class: 1.0, absent: 0.0, present: 1.0 };
        let (found, exact) = (truth(&scm, &query).forward, truth(&scm, &query).is_exact());
        // A share of nobody counts for nothing.
        let share = Option::unwrap_or_default;
        let joint = scm.joint(&[factor, label]).unwrap();
        let both = joint.probability(|v| v == [1.0, 1.0]);
        let neither = joint.probability(|v| v == [0.0, 0.0]);
        prop_assert!((share(found.pn) * both + share(found.ps) * neither - found.pns).abs() < 1e-9);
        prop_assert!(exact);
    }

    #[test]
    fn bounds_cover_the_truth_and_theorem_3_2_finds_it_where_it_is_monotone(
        nodes in model(), pick: prop::sample::Index,
    ) {
        let scm = build(&nodes);
        let label = scm.len() - 1;
        let factor = pick.index(label);
        let query = Query { factor, label, class: 1.0, absent: 0.0, present: 1.0 };
        let (found, evidence) = (truth(&scm, &query), Evidence::of(&scm, &query));
        prop_assert!(evidence.tian_pearl().cover(&found), "{:?} {:?}", evidence, found);
        // The contrast of experiments is what the effect gains less what it loses, always.
        let contrast = evidence.y_do_x - evidence.y_do_not_x;
        prop_assert!((contrast - (found.forward.pns - found.reversed.pns)).abs() < 1e-9);
        if found.reversed.pns == 0.0 {
            let monotone = evidence.monotone();
            prop_assert!((monotone.pns - found.forward.pns).abs() < 1e-9);
            if evidence.xy > 1e-6 && evidence.neither > 1e-6 {
                prop_assert!((monotone.pn - found.forward.pn.unwrap()).abs() < 1e-6);
                prop_assert!((monotone.ps - found.forward.ps.unwrap()).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn the_exact_joint_is_what_sampling_finds(nodes in model(), seed: u64) {
        let scm = build(&nodes);
        let (last, n) = (scm.len() - 1, 4000);
        let joint = scm.joint(&[0, last]).unwrap();
        let mut counts = [[0.0; 2]; 2];
        let mut noise = vec![0.0; scm.len()];
        for specimen in 0..n {
            exogenous::draw(&scm, seed, specimen, &mut noise);
            let values = play(&scm, &noise, &Interventions::none());
            counts[values[0] as usize][values[last] as usize] += 1.0 / n as f64;
        }
        for (a, row) in counts.iter().enumerate() {
            for (b, share) in row.iter().enumerate() {
                let exact = joint.probability(|v| v == [a as f64, b as f64]);
                // Five standard errors of a share.
                let slack = 5.0 * (exact * (1.0 - exact) / n as f64).sqrt() + 1e-12;
                prop_assert!((share - exact).abs() <= slack, "{} is not {}", share, exact);
            }
        }
    }
}

#[test]
fn a_soft_intervention_keeps_the_noise_and_refuses_cycles() {
    let coin = Mechanism::Bernoulli(0.5);
    let copy = Mechanism::NoisyCopy { of: "a".into(), flip: 0.2 };
    let scm = Scm::build(&[("a", &coin), ("b", &copy)]).unwrap();
    let noisier = Mechanism::NoisyCopy { of: "a".into(), flip: 0.4 };
    let mut soft = Interventions::none();
    soft.insert(1, scm.soften(1, &noisier).unwrap());
    assert!(matches!(soft.on(1), Some(Action::Follow(_))));
    let mut noise = vec![0.0; 2];
    let mut changed = 0;
    for specimen in 0..2000 {
        exogenous::draw(&scm, 1, specimen, &mut noise);
        let (natural, twin) =
            (play(&scm, &noise, &Interventions::none()), play(&scm, &noise, &soft));
        // The same noise below 0.2 flips both, from 0.2 to 0.4 only the noisier copy.
        let flips = |values: &[f64]| values[0] != values[1];
        assert!(!flips(&natural) || flips(&twin));
        changed += usize::from(natural != twin);
    }
    assert!((300..500).contains(&changed), "{changed} of 2000, expected 400");
    let backwards = Mechanism::NoisyCopy { of: "b".into(), flip: 0.1 };
    assert!(scm.soften(0, &backwards).unwrap_err().to_string().contains("cycle"));
}
