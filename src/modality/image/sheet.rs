//! Contact sheets: many small pictures enlarged side by side, for a person to look at.

use super::ImageSize;

/// Width of the gap around and between the pictures, in pixels of the sheet.
const GAP: usize = 2;

/// The colour of the gap.
const GAP_GREY: u8 = 24;

/// A picture made of pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// `3 * width * height` bytes, RGB interleaved, row by row.
    pub rgb: Vec<u8>,
}

/// Lays pictures out in a grid, row by row, with a thin gap around each, enlarged by nearest
/// neighbour.
///
/// `pictures` hold RGB bytes as [`paint_bird`](super::paint_bird) writes them, all of `size`; what
/// is missing of one that is too short stays grey. `columns` and `scale` below 1 count as 1.
#[must_use]
pub fn contact_sheet(pictures: &[&[u8]], size: ImageSize, columns: usize, scale: usize) -> Sheet {
    let (columns, scale) = (columns.max(1), scale.max(1));
    let columns = columns.min(pictures.len().max(1));
    let rows = pictures.len().div_ceil(columns);
    let cell = [size.width * scale + GAP, size.height * scale + GAP];
    let (width, height) = (GAP + columns * cell[0], GAP + rows * cell[1]);
    let mut rgb = vec![GAP_GREY; 3 * width * height];
    for (i, picture) in pictures.iter().enumerate() {
        let (left, top) = (GAP + (i % columns) * cell[0], GAP + (i / columns) * cell[1]);
        let lines = picture.chunks_exact(3 * size.width.max(1));
        for (row, line) in lines.take(size.height).enumerate() {
            for y in 0..scale {
                let start = 3 * ((top + row * scale + y) * width + left);
                let target = &mut rgb[start..start + 3 * size.width * scale];
                for (block, pixel) in target.chunks_exact_mut(3 * scale).zip(line.chunks_exact(3)) {
                    for copy in block.chunks_exact_mut(3) {
                        copy.copy_from_slice(pixel);
                    }
                }
            }
        }
    }
    Sheet { width, height, rgb }
}

impl Sheet {
    /// The sheet as a PNG file of 8-bit RGB.
    ///
    /// # Errors
    ///
    /// If a side is 0 or above 2^31 - 1, or `rgb` is not `3 * width * height` bytes long.
    pub fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        writer.finish()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ImageSize = ImageSize { width: 8, height: 10 };

    #[test]
    fn a_sheet_has_a_cell_for_every_picture() {
        let picture = vec![200; SIZE.bytes()];
        let sheet = contact_sheet(&[&picture[..]; 5], SIZE, 3, 4);
        assert_eq!((sheet.width, sheet.height), (2 + 3 * (32 + 2), 2 + 2 * (40 + 2)));
        assert_eq!(sheet.rgb.len(), 3 * sheet.width * sheet.height);
        let shown = sheet.rgb.iter().filter(|&&byte| byte == 200).count();
        assert_eq!(shown, 5 * 16 * picture.len());
    }

    #[test]
    fn an_enlarged_pixel_is_a_square() {
        let mut picture = vec![0; SIZE.bytes()];
        picture[3 * (2 * SIZE.width + 5)] = 255;
        let sheet = contact_sheet(&[&picture], SIZE, 1, 3);
        let red = |x: usize, y: usize| sheet.rgb[3 * (y * sheet.width + x)];
        assert_eq!(red(2 + 15, 2 + 6), 255);
        assert_eq!(red(2 + 17, 2 + 8), 255);
        assert_eq!(red(2 + 18, 2 + 8), 0);
    }

    #[test]
    fn the_png_reads_back() {
        let picture: Vec<u8> = (0..SIZE.bytes()).map(|i| i as u8).collect();
        let sheet = contact_sheet(&[&picture], SIZE, 1, 2);
        let file = sheet.to_png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.width as usize, info.height as usize), (sheet.width, sheet.height));
        assert_eq!(rgb, sheet.rgb);
    }

    #[test]
    fn pictures_of_no_size_leave_the_gaps() {
        let none = contact_sheet(&[&[0; 12]], ImageSize { width: 0, height: 2 }, 0, 0);
        assert_eq!((none.width, none.height), (4, 6));
        assert_eq!(contact_sheet(&[], SIZE, 3, 1).height, 2);
    }

    #[test]
    fn an_impossible_sheet_is_an_error() {
        assert!(Sheet { width: 0, height: 0, rgb: Vec::new() }.to_png().is_err());
    }
}
