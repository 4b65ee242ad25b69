//! NumPy arrays as bytes: npyz writes the heads, the numbers follow in a row.

use std::io::{self, Write};

use npyz::{DType, WriteOptions, WriterBuilder as _};

/// Numbers that have a little-endian form.
pub trait Little {
    /// Appends it.
    fn append(self, out: &mut Vec<u8>);
}

macro_rules! little {
    ($($number:ty),*) => {
        $(impl Little for $number {
            fn append(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}
little!(u8, u16, u64, i64, f32, f64);

impl Little for bool {
    fn append(self, out: &mut Vec<u8>) {
        out.push(u8::from(self));
    }
}

/// Appends numbers.
pub fn append<T: Little>(out: &mut Vec<u8>, values: impl IntoIterator<Item = T>) {
    values.into_iter().for_each(|value| value.append(out));
}

/// Writes the head of an array, after which its bytes follow.
///
/// # Errors
/// No such type, or the writer's.
pub fn write_head(out: &mut impl Write, dtype: &str, shape: &[u64]) -> io::Result<()> {
    let dtype = DType::Plain(dtype.parse().map_err(io::Error::other)?);
    let options = WriteOptions::<std::convert::Infallible>::new_header_only();
    options.dtype(dtype).shape(shape).writer(out).write_header_only()?;
    Ok(())
}

/// A whole `.npy` file.
///
/// # Errors
/// No such type.
pub fn array<T: Little>(
    dtype: &str,
    shape: &[u64],
    values: impl IntoIterator<Item = T>,
) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    write_head(&mut out, dtype, shape)?;
    append(&mut out, values);
    Ok(out)
}

/// Appends a vector as a whole `.npy` file.
///
/// # Errors
/// None but for want of memory.
pub fn append_vector(vector: &[f32], out: &mut Vec<u8>) -> io::Result<()> {
    write_head(out, "<f4", &[vector.len() as u64])?;
    append(out, vector.iter().copied());
    Ok(())
}

/// A whole `.npy` file of strings, as wide as the longest.
///
/// # Errors
/// None but for want of memory.
pub fn strings(all: &[&str]) -> io::Result<Vec<u8>> {
    let widest = all.iter().map(|s| s.chars().count()).max().unwrap_or(0).max(1);
    let mut out = Vec::new();
    write_head(&mut out, &format!("<U{widest}"), &[all.len() as u64])?;
    all.iter().for_each(|text| append_unicode(text, widest, &mut out));
    Ok(out)
}

/// Appends so many characters of four bytes each, with zeros at the end.
pub fn append_unicode(text: &str, widest: usize, out: &mut Vec<u8>) {
    let end = out.len() + 4 * widest;
    out.extend(text.chars().take(widest).flat_map(|c| u32::from(c).to_le_bytes()));
    out.resize(end, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_reads_back_as_it_was() {
        let file = array("<f8", &[2, 3], [1.0, -2.0, 0.5, 3.0, 4.0, 1e9]).unwrap();
        let found = npyz::NpyFile::new(&file[..]).unwrap();
        assert_eq!(found.shape(), [2, 3]);
        assert_eq!(found.into_vec::<f64>().unwrap(), [1.0, -2.0, 0.5, 3.0, 4.0, 1e9]);
    }

    #[test]
    fn strings_are_as_wide_as_the_longest() {
        let file = strings(&["lake", "ü"]).unwrap();
        let found = npyz::NpyFile::new(&file[..]).unwrap();
        assert_eq!((found.shape(), found.dtype().descr()), (&[2][..], "'<U4'".to_owned()));
        assert_eq!(file[file.len() - 16..file.len() - 12], 0xfcu32.to_le_bytes());
    }
}
