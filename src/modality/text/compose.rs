//! From what is to be said to tokens, and from tokens to counts.

use rand::Rng;

use super::grammar::{Grammar, PAD, Scale, Slot, Token};

/// What is to be said of one slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mention {
    /// The factor's value: a category's number (0, 1, ...), or a scalar in `[0, 1]`.
    pub value: f32,
    /// How likely it is to be said at all.
    pub probability: f32,
}

/// What chance decides, before any value is looked at: a number in `[0, 1)` for every question.
///
/// The noise stream is asked once, for a key; the answers are its hashes (the generator splitmix64,
/// addressed instead of advanced). So nothing has to be kept, however many slots there are.
struct Chance(u64);

impl Chance {
    /// A slot is said when its probability is above the first; the second chooses the synonym.
    fn of_slot(&self, slot: usize) -> [f32; 2] {
        self.answer(2 * slot as u64)
    }

    /// Chooses the word of the filler at this position of a template.
    fn of_filler(&self, position: usize) -> f32 {
        self.answer(2 * position as u64 + 1)[0]
    }

    fn answer(&self, question: u64) -> [f32; 2] {
        let mut hash = self.0.wrapping_add((question + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^= hash >> 31;
        // 24 bits are what an f32 in [0, 1) holds.
        [hash >> 40, hash >> 8 & 0xff_ffff].map(|bits| bits as f32 / 16_777_216.0)
    }
}

/// Writes one note of exactly `length` tokens to `out`, padded with [`PAD`] or cut off.
///
/// `mention` tells what is to be said of the slot at this position of the grammar's
/// [`slots`](Grammar::slots); a slot without a mention is never said. `wording` chooses the
/// template, modulo their number. One number is drawn from `noise`, and synonyms are chosen by
/// position: a twin that differs in one factor differs in the words of that factor's slot.
pub fn compose(
    grammar: &Grammar,
    mention: impl Fn(usize) -> Option<Mention>,
    wording: usize,
    noise: &mut impl Rng,
    length: usize,
    out: &mut Vec<u16>,
) {
    let chance = Chance(noise.next_u64());
    let mut fillers = 0..;
    out.clear();
    let parts = grammar.templates.get(wording % grammar.templates.len().max(1));
    for part in parts.into_iter().flatten() {
        let phrase = part.slot.map(|slot| {
            let [threshold, synonym] = chance.of_slot(slot);
            let said = mention(slot).filter(|mention| threshold < mention.probability);
            said.map(|mention| phrase(&grammar.slots[slot], mention.value, synonym))
        });
        // A part that is left out still uses up its fillers.
        let is_said = phrase != Some(None);
        for piece in &part.pieces {
            match piece {
                Token::Word(word) if is_said => out.push(*word),
                Token::Phrase if is_said => out.extend(phrase.into_iter().flatten().flatten()),
                Token::Word(_) | Token::Phrase => {}
                Token::Filler => {
                    let position = fillers.next().unwrap_or_default();
                    let filler = pick(&grammar.fillers, chance.of_filler(position));
                    out.extend(filler.filter(|_| is_said));
                }
            }
        }
    }
    out.resize(length, PAD);
}

/// The phrase for a value: the nearest category, or the part of `[0, 1]` it lies in.
fn phrase(slot: &Slot, value: f32, synonym: f32) -> &[u16] {
    let last = slot.values.len().saturating_sub(1);
    let position = match slot.scale {
        Scale::Category => value.round(),
        Scale::Parts => (value * slot.values.len() as f32).floor(),
    };
    let phrases = slot.values.get((position.max(0.0) as usize).min(last));
    phrases.and_then(|phrases| pick(phrases, synonym)).map_or(&[], Vec::as_slice)
}

/// The element that `part` in `[0, 1)` of the way through a list falls on.
fn pick<T>(list: &[T], part: f32) -> Option<&T> {
    let position = (part * list.len() as f32) as usize;
    list.get(position.min(list.len().saturating_sub(1)))
}

/// Counts every token id below `vocabulary` into `out` (as many numbers), padding left out.
///
/// # Panics
/// When `out` is shorter than `vocabulary`: a mistake in the calling code, not in a scene.
pub fn bag_of_words(tokens: &[u16], vocabulary: usize, out: &mut [f32]) {
    let counts = &mut out[..vocabulary];
    counts.fill(0.0);
    for &token in tokens.iter().filter(|&&token| token != PAD) {
        if let Some(count) = counts.get_mut(usize::from(token)) {
            *count += 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use std::collections::BTreeSet;

    const LENGTH: usize = 16;

    fn bird() -> Grammar {
        Grammar::parse(include_str!("../../../assets/grammars/bird.ron")).unwrap()
    }

    fn all(values: [f32; 5], probability: f32) -> [Option<Mention>; 5] {
        values.map(|value| Some(Mention { value, probability }))
    }

    fn among(mentions: &[Option<Mention>]) -> impl Fn(usize) -> Option<Mention> {
        |slot| mentions.get(slot).copied().flatten()
    }

    fn note(
        grammar: &Grammar,
        mentions: &[Option<Mention>],
        wording: usize,
        seed: u64,
    ) -> Vec<u16> {
        let (mut rng, mut out) = (ChaCha8Rng::seed_from_u64(seed), Vec::new());
        compose(grammar, among(mentions), wording, &mut rng, LENGTH, &mut out);
        out
    }

    fn words_of(slot: &Slot) -> BTreeSet<u16> {
        slot.values.iter().flatten().flatten().copied().collect()
    }

    #[test]
    fn a_note_reads_as_written() {
        let grammar = Grammar::parse(
            r#"(name: "g", cues: {"bill": [["thin"], ["flat"], ["hooked"]]},
                scalars: {"hue": ["red", "green", "blue"]}, fillers: ["shy"],
                templates: ["a {filler} {hue} bird [with a {bill} bill]"])"#,
        );
        let grammar = grammar.unwrap();
        let say = |bill, hue| {
            let mention = |value: Option<f32>| Some(Mention { value: value?, probability: 1.0 });
            grammar.sentence(&note(&grammar, &[mention(bill), mention(hue)], 0, 1))
        };
        assert_eq!(say(Some(2.0), Some(1.0)), "a shy blue bird with a hooked bill");
        assert_eq!(say(Some(0.0), Some(0.34)), "a shy green bird with a thin bill");
        assert_eq!(say(None, Some(0.0)), "a shy red bird");
        assert_eq!(say(Some(9.0), None), "a shy bird with a hooked bill");
    }

    #[test]
    fn a_twin_differs_in_the_words_of_its_factor_alone() {
        let grammar = bird();
        for seed in 0..400 {
            let wording = seed as usize;
            let values = std::array::from_fn(|i| (seed >> i & 1) as f32 * 0.9);
            let note_of = |values| note(&grammar, &all(values, 0.8), wording, seed);
            let fact = note_of(values);
            for (i, slot) in grammar.slots.iter().enumerate() {
                let mut other = values;
                other[i] = 0.9 - other[i];
                let (own, twin) = (words_of(slot), note_of(other));
                let said = fact.iter().any(|token| own.contains(token));
                assert_eq!(said, fact != twin, "{}", grammar.sentence(&fact));
                for (a, b) in fact.iter().zip(&twin).filter(|(a, b)| a != b) {
                    assert!(own.contains(a) && own.contains(b), "{}", slot.name);
                }
            }
        }
    }

    #[test]
    fn the_number_of_draws_is_fixed() {
        let grammar = bird();
        let after = |mentions: &[Option<Mention>], wording| {
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            compose(&grammar, among(mentions), wording, &mut rng, LENGTH, &mut Vec::new());
            rng.next_u64()
        };
        let silent = after(&[], 0);
        assert_eq!(silent, after(&all([1.0; 5], 1.0), 1));
        assert_eq!(silent, after(&all([0.0; 5], 0.5), 4));
    }

    #[test]
    fn chance_is_even_and_answers_are_strangers() {
        let answers: Vec<[f32; 2]> = (0..4_000).map(|key| Chance(key).of_slot(1)).collect();
        let mean = |x: &dyn Fn(&[f32; 2]) -> f32| answers.iter().map(x).sum::<f32>() / 4_000.0;
        assert!((mean(&|x| x[0]) - 0.5).abs() < 0.02 && (mean(&|x| x[1]) - 0.5).abs() < 0.02);
        assert!((mean(&|x| (x[0] - 0.5) * (x[1] - 0.5))).abs() < 0.006);
        let other = |key: u64| Chance(key).of_slot(2)[0] - 0.5;
        let product = (0..4_000).map(|key| other(key) * (answers[key as usize][0] - 0.5));
        assert!((product.sum::<f32>() / 4_000.0).abs() < 0.006);
        // The first number of splitmix64 from the seed 0, and of a filler: an odd question.
        assert_eq!(Chance(0).answer(0)[0], (0xe220_a839_7b1d_cdaf_u64 >> 40) as f32 / 16_777_216.0);
        assert_eq!(Chance(0).of_filler(3), Chance(0).answer(7)[0]);
    }

    #[test]
    fn a_slot_is_said_as_often_as_its_probability() {
        let grammar = bird();
        let bill = words_of(&grammar.slots[0]);
        let said = (0..4_000).filter(|&seed| {
            let note = note(&grammar, &all([1.0; 5], 0.3), 2, seed);
            note.iter().any(|token| bill.contains(token))
        });
        let share = said.count() as f32 / 4_000.0;
        assert!((share - 0.3).abs() < 0.03, "{share}");
    }

    #[test]
    fn no_note_on_a_bird_is_cut_off() {
        let grammar = bird();
        assert!(grammar.longest() <= LENGTH, "{} tokens", grammar.longest());
        for seed in 0..500 {
            let values = std::array::from_fn(|i| (seed >> i & 1) as f32);
            let (mut rng, mut out) = (ChaCha8Rng::seed_from_u64(seed), Vec::new());
            let mentions = all(values, 1.0);
            compose(&grammar, among(&mentions), seed as usize, &mut rng, 64, &mut out);
            assert_eq!(out.len(), 64);
            let said = out.iter().filter(|&&token| token != PAD).count();
            assert!((9..=LENGTH).contains(&said), "{}", grammar.sentence(&out));
        }
    }

    #[test]
    fn words_of_a_bird_belong_to_one_slot() {
        let grammar = bird();
        let mut others: BTreeSet<u16> = grammar.fillers.iter().copied().collect();
        for piece in grammar.templates.iter().flatten().flat_map(|part| &part.pieces) {
            if let Token::Word(word) = piece {
                others.insert(*word);
            }
        }
        for slot in &grammar.slots {
            let own = words_of(slot);
            assert!(own.is_disjoint(&others), "{}", slot.name);
            others.extend(own);
            let lengths = |phrases: &[Vec<u16>]| phrases.iter().map(Vec::len).collect::<Vec<_>>();
            for phrases in &slot.values {
                assert_eq!(lengths(phrases), lengths(&slot.values[0]), "{}", slot.name);
            }
        }
    }

    #[test]
    fn a_bag_counts_words_and_not_padding() {
        let mut bag = [9.0; 5];
        bag_of_words(&[3, 4, 3, 7, PAD, PAD], 5, &mut bag);
        assert_eq!(bag, [0.0, 0.0, 0.0, 2.0, 1.0]);
    }
}
