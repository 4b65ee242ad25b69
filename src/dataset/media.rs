//! Pictures as PNG and sounds as WAV, into buffers that are used again.

use std::io::{self, Cursor};

use super::{AudioSpec, ImageSpec};

/// Appends a picture to `out` as a PNG file: lossless, quickly compressed.
///
/// # Errors
/// The buffer isn't as long as the spec says.
pub fn append_png(spec: ImageSpec, rgb: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let side = |n| u32::try_from(n).map_err(io::Error::other);
    let mut encoder = png::Encoder::new(out, side(spec.width)?, side(spec.height)?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    // Trying every filter row by row costs more than it saves on pictures with sensor noise.
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(())
}

/// What stands before the samples of every WAV file of one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavHead(Vec<u8>);

impl WavHead {
    /// The head for mono sounds of 16 bits a sample.
    ///
    /// # Errors
    /// The sound is longer than a WAV file can be.
    pub fn new(spec: AudioSpec) -> io::Result<Self> {
        let format = hound::WavSpec {
            channels: 1,
            sample_rate: spec.rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        // hound knows the head once it knows how many samples follow; silence will do.
        let mut file = Vec::new();
        let mut writer =
            hound::WavWriter::new(Cursor::new(&mut file), format).map_err(io::Error::other)?;
        for _ in 0..spec.samples {
            writer.write_sample(0i16).map_err(io::Error::other)?;
        }
        writer.finalize().map_err(io::Error::other)?;
        file.truncate(file.len() - 2 * spec.samples);
        Ok(Self(file))
    }

    /// Appends a sound to `out` as a WAV file.
    pub fn append(&self, samples: &[i16], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
        append_samples(samples, out);
    }
}

/// Appends samples to `out`, the low byte first.
pub fn append_samples(samples: &[i16], out: &mut Vec<u8>) {
    if cfg!(target_endian = "little") {
        out.extend_from_slice(bytemuck::cast_slice(samples));
    } else {
        out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_reads_back_as_it_was() {
        let spec = ImageSpec { width: 7, height: 5 };
        let rgb: Vec<u8> = (0..spec.bytes()).map(|i| (i * 37 % 256) as u8).collect();
        let mut file = vec![1, 2];
        append_png(spec, &rgb, &mut file).unwrap();
        let mut reader = png::Decoder::new(Cursor::new(&file[2..])).read_info().unwrap();
        let mut found = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut found).unwrap();
        assert_eq!((info.width, info.height), (7, 5));
        assert_eq!(found, rgb);
        assert!(append_png(spec, &rgb[1..], &mut file).is_err());
    }

    #[test]
    fn a_wav_reads_back_as_it_was() {
        let spec = AudioSpec { rate: 16_000, samples: 300 };
        let samples: Vec<i16> = (0..300).map(|i| (i * 211 % 65_536 - 32_768) as i16).collect();
        let mut file = Vec::new();
        let head = WavHead::new(spec).unwrap();
        head.append(&samples, &mut file);
        let mut reader = hound::WavReader::new(Cursor::new(&file)).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
        let found: Result<Vec<i16>, _> = reader.samples().collect();
        assert_eq!(found.unwrap(), samples);
    }
}
