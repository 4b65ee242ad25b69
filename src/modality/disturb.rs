//! What befalls rendered modalities: noise, masks, blanked words.
//!
//! The protocol of robustness studies (QMF, C3R): noise of a level 0, 5 or 10 on a part of the
//! test specimens, and masks over 30% of the area. How much is drawn depends on the size of a
//! buffer alone, so a specimen and its twins are disturbed alike.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::image::ImageSize;
use super::text::{BLANK, PAD};

/// Grey Gaussian noise of deviation `sd` (of the range), the same for the three channels of a
/// pixel, clipped. `pixels` are RGB bytes.
pub fn noise_on_picture(pixels: &mut [u8], sd: f32, noise: &mut impl Rng) {
    for pixel in pixels.chunks_exact_mut(3) {
        let drawn: f32 = noise.sample(StandardNormal);
        let step = 255.0 * sd * drawn;
        for channel in pixel {
            *channel = (f32::from(*channel) + step).round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// White Gaussian noise whose deviation is `share` of the loudest sample, clipped.
pub fn noise_on_sound(samples: &mut [i16], share: f32, noise: &mut impl Rng) {
    let loudest = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    let sd = share * f32::from(loudest);
    for sample in samples {
        let drawn: f32 = noise.sample(StandardNormal);
        *sample = (f32::from(*sample) + sd * drawn).round().clamp(-32_768.0, 32_767.0) as i16;
    }
}

/// Every word becomes [`BLANK`] with this probability, independently; padding stays.
pub fn noise_on_text(tokens: &mut [u16], probability: f32, noise: &mut impl Rng) {
    for token in tokens {
        let drawn: f32 = noise.random();
        if *token != PAD && drawn < probability {
            *token = BLANK;
        }
    }
}

/// Gaussian noise of deviation `sd` on every number.
pub fn noise_on_vector(values: &mut [f32], sd: f32, noise: &mut impl Rng) {
    for value in values {
        let drawn: f32 = noise.sample(StandardNormal);
        *value += sd * drawn;
    }
}

/// The grey that a masked pixel gets: the middle of a learner's scale.
const MASKED: u8 = 115;
/// Pieces to a side of a picture that is masked in patches.
const PATCHES: usize = 8;

/// Takes `share` of a picture out: one rectangle of its own proportions somewhere, or patches of
/// an eighth of each side.
pub fn mask_picture(
    size: ImageSize,
    pixels: &mut [u8],
    share: f32,
    scattered: bool,
    noise: &mut impl Rng,
) {
    let mut blank = |left: usize, top: usize, width: usize, height: usize| {
        for row in top..(top + height).min(size.height) {
            let start = 3 * (row * size.width + left);
            let end = 3 * (row * size.width + (left + width).min(size.width));
            pixels[start..end].fill(MASKED);
        }
    };
    if scattered {
        for piece in pieces(PATCHES * PATCHES, share, noise) {
            let cut = |part: usize, whole: usize| part * whole / PATCHES;
            let (x, y) = (piece % PATCHES, piece / PATCHES);
            let (left, top) = (cut(x, size.width), cut(y, size.height));
            blank(left, top, cut(x + 1, size.width) - left, cut(y + 1, size.height) - top);
        }
        return;
    }
    // Rounded so that the area is as near to the share as whole pixels allow.
    let width = (share.sqrt() * size.width as f32).round().max(1.0);
    let area = share * (size.width * size.height) as f32;
    let height = ((area / width).round() as usize).clamp(1, size.height);
    let width = (width as usize).min(size.width);
    let left = noise.random_range(0..=size.width - width);
    let top = noise.random_range(0..=size.height - height);
    if share > 0.0 {
        blank(left, top, width, height);
    }
}

/// Takes `share` of a row of numbers out: one stretch somewhere, or pieces of a 64th each.
pub fn mask_row<T: Clone + Default>(
    row: &mut [T],
    share: f32,
    scattered: bool,
    noise: &mut impl Rng,
) {
    if scattered {
        let (length, count) = (row.len(), row.len().min(PATCHES * PATCHES));
        let cut = |part: usize| part * length / count;
        for piece in pieces(count, share, noise) {
            row[cut(piece)..cut(piece + 1)].fill(T::default());
        }
        return;
    }
    let length = ((share * row.len() as f32).round() as usize).min(row.len());
    let start = noise.random_range(0..=row.len() - length);
    row[start..start + length].fill(T::default());
}

/// Blanks `share` of a text's words, whichever.
pub fn mask_text(tokens: &mut [u16], share: f32, noise: &mut impl Rng) {
    let order: Vec<f32> = tokens.iter().map(|_| noise.random()).collect();
    let mut words: Vec<usize> = (0..tokens.len()).filter(|&i| tokens[i] != PAD).collect();
    let count = (share * words.len() as f32).round() as usize;
    words.sort_by(|&a, &b| order[a].total_cmp(&order[b]).then(a.cmp(&b)));
    words.into_iter().take(count).for_each(|i| tokens[i] = BLANK);
}

/// `share` of `count` pieces, drawn without replacement.
fn pieces(count: usize, share: f32, noise: &mut impl Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    let wanted = ((share * count as f32).round() as usize).min(count);
    for i in 0..wanted {
        let other = noise.random_range(i..count);
        all.swap(i, other);
    }
    all.truncate(wanted);
    all
}

/// Which of several modalities are there, each missing with the probability at its place. Where
/// all would be missing, one that may be there stays.
pub fn presence(missing: &[f32], noise: &mut impl Rng) -> Vec<bool> {
    let drawn: Vec<f32> = missing.iter().map(|_| noise.random()).collect();
    let survivor: f32 = noise.random();
    let mut present: Vec<bool> = drawn.iter().zip(missing).map(|(u, p)| u >= p).collect();
    if !present.contains(&true) {
        let mut able: Vec<usize> = (0..missing.len()).filter(|&i| missing[i] < 1.0).collect();
        if able.is_empty() {
            able = (0..missing.len()).collect();
        }
        let pick = (survivor * able.len() as f32) as usize;
        if let Some(&i) = able.get(pick.min(able.len().saturating_sub(1))) {
            present[i] = true;
        }
    }
    present
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn noise(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn noise_has_its_deviation_and_is_grey() {
        let mut pixels = vec![128; 3 * 20_000];
        noise_on_picture(&mut pixels, 0.1, &mut noise(1));
        assert!(pixels.chunks(3).all(|p| p[0] == p[1] && p[1] == p[2]));
        let squares: f64 = pixels.iter().map(|&p| (f64::from(p) - 128.0).powi(2)).sum();
        let sd = (squares / pixels.len() as f64).sqrt();
        assert!((sd - 25.5).abs() < 0.5, "{sd}");
        let mut samples = vec![0; 20_000];
        samples[7] = -10_000;
        noise_on_sound(&mut samples, 0.2, &mut noise(2));
        let squares: f64 = samples.iter().map(|&s| f64::from(s).powi(2)).sum();
        let sd = ((squares - 1e8) / 20_000.0).sqrt();
        assert!((sd - 2000.0).abs() < 40.0, "{sd}");
    }

    #[test]
    fn words_are_blanked_as_often_as_they_should_and_padding_never() {
        let mut tokens = [5; 4000];
        tokens[3990..].fill(PAD);
        noise_on_text(&mut tokens, 0.5, &mut noise(3));
        let blank = tokens.iter().filter(|&&t| t == BLANK).count();
        assert!((1900..2100).contains(&blank) && tokens[3990..] == [PAD; 10]);
        let mut all = [5, 6, PAD];
        noise_on_text(&mut all, 1.0, &mut noise(4));
        assert_eq!(all, [BLANK, BLANK, PAD]);
    }

    #[test]
    fn masks_take_their_share() {
        let size = ImageSize { width: 32, height: 32 };
        for scattered in [false, true] {
            let mut pixels = vec![0; size.bytes()];
            mask_picture(size, &mut pixels, 0.3, scattered, &mut noise(5));
            let gone = pixels.iter().filter(|&&p| p == MASKED).count() / 3;
            // 18 x 17 of 1024, or 19 patches of 16.
            assert_eq!(gone, if scattered { 304 } else { 306 });
            let mut row = vec![1_i16; 1000];
            mask_row(&mut row, 0.3, scattered, &mut noise(6));
            let gone = row.iter().filter(|&&s| s == 0).count();
            assert!(if scattered { (285..=305).contains(&gone) } else { gone == 300 }, "{gone}");
        }
        let mut tokens = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, PAD, PAD];
        mask_text(&mut tokens, 0.3, &mut noise(7));
        assert_eq!(tokens.iter().filter(|&&t| t == BLANK).count(), 3);
        let mut none = vec![9; size.bytes()];
        mask_picture(size, &mut none, 0.0, false, &mut noise(5));
        mask_row(&mut none, 0.0, false, &mut noise(5));
        assert!(none.iter().all(|&p| p == 9));
    }

    #[test]
    fn somebody_is_always_present() {
        let mut counts = [0; 3];
        for seed in 0..2000 {
            let present = presence(&[0.9, 0.9, 1.0], &mut noise(seed));
            assert!(present.contains(&true));
            present.iter().zip(&mut counts).for_each(|(p, c)| *c += usize::from(*p));
        }
        assert_eq!(counts[2], 0);
        // 0.1, and half of the 0.81 in which both would be missing.
        assert!(counts[..2].iter().all(|c| (940..1080).contains(c)), "{counts:?}");
        assert!(presence(&[1.0; 3], &mut noise(1)).contains(&true));
        assert_eq!(presence(&[0.0; 2], &mut noise(1)), [true; 2]);
    }
}
