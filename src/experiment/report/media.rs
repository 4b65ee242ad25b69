//! Pictures and sounds as what a page can hold: PNG and WAV `data:` URIs, and waveform outlines.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::figures::at;
use super::{Picture, Sound};

/// Colours of the spectrogram from quiet to loud: dark violet over red to pale yellow, so that
/// lightness alone orders them, also in print and for the colour-blind.
const HEAT: [[u8; 3]; 6] =
    [[8, 6, 24], [60, 15, 110], [140, 41, 129], [222, 73, 104], [254, 159, 109], [252, 253, 191]];
/// Strokes of a waveform's outline.
const STROKES: usize = 96;

/// An 8-bit RGB PNG as a `data:` URI.
pub(in crate::experiment) fn picture_uri(picture: &Picture) -> Result<String, png::EncodingError> {
    png_uri(picture.width, picture.height, &picture.rgb)
}

/// The lowest and highest finite value of some spectrograms, so that all are coloured alike.
pub(in crate::experiment) fn loudness<'a>(sounds: impl Iterator<Item = &'a Sound>) -> (f32, f32) {
    sounds
        .filter_map(|sound| sound.mel.as_ref())
        .flat_map(|(_, _, values)| values.iter().copied())
        .filter(|value| value.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// A spectrogram as a PNG `data:` URI: time to the right, pitch upwards. `None` when empty.
pub(in crate::experiment) fn spectrogram_uri(
    (frames, bands, values): &(usize, usize, Vec<f32>),
    (low, high): (f32, f32),
) -> Result<Option<String>, png::EncodingError> {
    let (Ok(width), Ok(height)) = (u32::try_from(*frames), u32::try_from(*bands)) else {
        return Ok(None);
    };
    if width == 0 || height == 0 {
        return Ok(None);
    }
    let mut rgb = Vec::with_capacity(3 * values.len());
    for band in (0..*bands).rev() {
        for frame in 0..*frames {
            rgb.extend(heat((values[frame * bands + band] - low) / (high - low)));
        }
    }
    png_uri(width, height, &rgb).map(Some)
}

/// The colour of a loudness from 0 to 1.
pub(in crate::experiment) fn heat(loudness: f32) -> [u8; 3] {
    let loudness = if loudness.is_finite() { loudness.clamp(0.0, 1.0) } else { 0.0 };
    let place = loudness * (HEAT.len() - 1) as f32;
    let below = (place as usize).min(HEAT.len() - 2);
    let part = place - below as f32;
    [0, 1, 2].map(|channel| {
        let (from, to) = (f32::from(HEAT[below][channel]), f32::from(HEAT[below + 1][channel]));
        (from + part * (to - from)).round() as u8
    })
}

/// 8-bit RGB as a PNG `data:` URI.
pub(in crate::experiment) fn png_uri(
    width: u32,
    height: u32,
    rgb: &[u8],
) -> Result<String, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes)))
}

/// Bytes of a sound as a WAV `data:` URI.
pub(in crate::experiment) fn wav_size(sound: &Sound) -> usize {
    (44 + 2 * sound.samples.len()).div_ceil(3) * 4
}

/// A mono 16-bit PCM WAV file as a `data:` URI.
pub(in crate::experiment) fn wav_uri(sound: &Sound) -> String {
    let data_length = u32::try_from(2 * sound.samples.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(44 + 2 * sound.samples.len());
    bytes.extend(b"RIFF");
    bytes.extend(data_length.saturating_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes()); // PCM
    bytes.extend(1_u16.to_le_bytes()); // mono
    bytes.extend(sound.rate.to_le_bytes());
    bytes.extend(sound.rate.saturating_mul(2).to_le_bytes()); // bytes per second
    bytes.extend(2_u16.to_le_bytes()); // bytes per sample
    bytes.extend(16_u16.to_le_bytes()); // bits per sample
    bytes.extend(b"data");
    bytes.extend(data_length.to_le_bytes());
    for sample in &sound.samples {
        bytes.extend(sample.to_le_bytes());
    }
    format!("data:audio/wav;base64,{}", BASE64_STANDARD.encode(bytes))
}

/// The waveform as an SVG path in a box of `width` by `height`: one upright stroke from the
/// lowest to the highest sample of each stretch, scaled so that `peak` reaches the edge.
pub(in crate::experiment) fn waveform(
    samples: &[i16],
    peak: u16,
    width: f64,
    height: f64,
) -> String {
    let stretch = samples.len().div_ceil(STROKES).max(1);
    let half = height / 2.0;
    let y = |sample: i16| half - half * f64::from(sample) / f64::from(peak.max(1));
    samples
        .chunks(stretch)
        .enumerate()
        .map(|(place, part)| {
            let low = part.iter().copied().min().unwrap_or(0);
            let high = part.iter().copied().max().unwrap_or(0);
            let x = width * (place as f64 + 0.5) / STROKES as f64;
            format!("M{} {}V{}", at(x), at(y(high) - 0.4), at(y(low) + 0.4))
        })
        .collect()
}

/// The largest deflection of some sounds.
pub(in crate::experiment) fn peak<'a>(sounds: impl Iterator<Item = &'a Sound>) -> u16 {
    sounds.flat_map(|sound| &sound.samples).map(|s| s.unsigned_abs()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(uri: &str) -> Vec<u8> {
        BASE64_STANDARD.decode(uri.split_once(',').unwrap().1).unwrap()
    }

    fn pixels(uri: &str) -> (u32, u32, Vec<u8>) {
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes(uri)));
        let mut reader = decoder.read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        (info.width, info.height, rgb)
    }

    #[test]
    fn a_picture_comes_back_as_it_was() {
        let picture = Picture { width: 2, height: 1, rgb: vec![1, 2, 3, 250, 251, 252] };
        assert_eq!(pixels(&picture_uri(&picture).unwrap()), (2, 1, picture.rgb));
        assert!(picture_uri(&Picture { width: 0, height: 0, rgb: vec![] }).is_err());
    }

    #[test]
    fn low_bands_are_at_the_bottom() {
        // Two frames of two bands: loud only in frame 1, band 0.
        let mel = (2, 2, vec![0.0, 0.0, 1.0, 0.0]);
        let uri = spectrogram_uri(&mel, (0.0, 1.0)).unwrap().unwrap();
        let (width, height, rgb) = pixels(&uri);
        assert_eq!((width, height), (2, 2));
        assert_eq!(rgb[9..12], HEAT[5]);
        assert_eq!(rgb[..3], HEAT[0]);
        assert!(spectrogram_uri(&(0, 4, vec![]), (0.0, 1.0)).unwrap().is_none());
    }

    #[test]
    fn flat_or_broken_spectrograms_are_dark() {
        assert_eq!(heat(f32::NAN), HEAT[0]);
        assert_eq!(heat(f32::INFINITY), HEAT[0]);
        assert_eq!(heat(2.0), HEAT[5]);
    }

    #[test]
    fn wav_header() {
        let sound = Sound { rate: 8000, samples: vec![1, -1], mel: None };
        let uri = wav_uri(&sound);
        let bytes = bytes(&uri);
        assert_eq!(bytes.len(), 48);
        assert_eq!(&bytes[..4], b"RIFF");
        assert_eq!(bytes[4..8], 40_u32.to_le_bytes());
        assert_eq!(bytes[24..28], 8000_u32.to_le_bytes());
        assert_eq!(bytes[44..], [1, 0, 255, 255]);
        assert_eq!(uri.len() - "data:audio/wav;base64,".len(), wav_size(&sound));
    }

    #[test]
    fn waveforms_fill_the_box() {
        let samples: Vec<i16> = (0..960).map(|i| if i % 2 == 0 { 1000 } else { -1000 }).collect();
        let path = waveform(&samples, 1000, 96.0, 40.0);
        assert_eq!(path.matches('M').count(), STROKES);
        assert!(path.starts_with("M0.5 -0.4V40.4"), "{path}");
        assert!(waveform(&[], 0, 96.0, 40.0).is_empty());
    }
}
