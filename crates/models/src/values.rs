//! Values of tensors: how large they are, exact widening, and matrices turned. One look at each, a few rows held at once.

use std::io::{self, Write};

use crate::stored::Kind;

/// Values that are widened at once.
const AT_ONCE: usize = 1 << 15;
/// Rows of a turned matrix that are held at once: so many values of a stored row are read in one piece.
const ROWS: usize = 256;
/// Sides of the squares in which it is turned, so that lines of a cache are read and written whole.
const SIDE: usize = 32;
/// All bits of a binary32 but its sign, and of a value of two bytes.
const MAGNITUDE: u32 = 0x7fff_ffff;
const HALF_MAGNITUDE: u16 = 0x7fff;

/// The greatest magnitude, exactly; not finite if any value is not.
pub(crate) fn greatest(kind: Kind, bytes: &[u8]) -> f32 {
    match kind {
        // Of magnitudes the bits are in the order of the numbers, infinity above all of them and NaN above that.
        Kind::F32 => {
            let bits = bytes.as_chunks::<4>().0.iter().map(|value| u32::from_le_bytes(*value) & MAGNITUDE);
            f32::from_bits(bits.fold(0, u32::max))
        }
        Kind::F16 | Kind::Bf16 => {
            let bits = bytes.as_chunks::<2>().0.iter().map(|value| u16::from_le_bytes(*value) & HALF_MAGNITUDE);
            widened(kind, bits.fold(0, u16::max))
        }
    }
}

/// The binary32 of the same value.
fn widened(kind: Kind, bits: u16) -> f32 {
    let bits = u32::from(bits);
    if kind == Kind::Bf16 {
        return f32::from_bits(bits << 16);
    }
    let (sign, exponent, fraction) = ((bits & 0x8000) << 16, bits >> 10 & 0x1f, bits & 0x3ff);
    let magnitude = match exponent {
        // Multiples of 2⁻²⁴: both factors are exact.
        0 => (fraction as f32 / 16_777_216.0).to_bits(),
        31 => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// Writes values of `kind` as `wanted`: the same, or binary32 of the same value.
pub(crate) fn write(kind: Kind, wanted: Kind, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    if kind == wanted {
        return out.write_all(bytes);
    }
    let mut wide = Vec::with_capacity(AT_ONCE * 4);
    for values in bytes.as_chunks::<2>().0.chunks(AT_ONCE) {
        wide.clear();
        wide.extend(values.iter().flat_map(|value| widened(kind, u16::from_le_bytes(*value)).to_le_bytes()));
        out.write_all(&wide)?;
    }
    Ok(())
}

/// The same of a matrix of `columns` columns, its columns written as rows.
pub(crate) fn write_turned(kind: Kind, wanted: Kind, bytes: &[u8], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    if kind == Kind::F32 {
        turned(bytes.as_chunks::<4>().0, columns, |rows| write(kind, wanted, rows.as_flattened(), out))
    } else {
        turned(bytes.as_chunks::<2>().0, columns, |rows| write(kind, wanted, rows.as_flattened(), out))
    }
}

/// Shows the columns of a matrix as rows, some at a time.
fn turned<const N: usize>(matrix: &[[u8; N]], columns: usize, mut see: impl FnMut(&[[u8; N]]) -> io::Result<()>) -> io::Result<()> {
    let rows = matrix.len() / columns.max(1);
    let mut held = vec![[0; N]; rows * ROWS.min(columns)];
    for first in (0..columns).step_by(ROWS) {
        let count = ROWS.min(columns - first);
        for (place, band) in matrix.chunks(columns * SIDE).enumerate() {
            for across in (0..count).step_by(SIDE) {
                let square = square(band, columns, first + across);
                let lines = held.chunks_exact_mut(rows.max(1)).take(count).skip(across);
                for (row, line) in lines.zip(&square) {
                    row.iter_mut().skip(place * SIDE).zip(line).for_each(|(to, value)| *to = *value);
                }
            }
        }
        see(held.get(..rows * count).unwrap_or_default())?;
    }
    Ok(())
}

/// The square of some rows that begins in a column, turned; where the matrix ends before it does, the rest is 0.
fn square<const N: usize>(band: &[[u8; N]], columns: usize, first: usize) -> [[[u8; N]; SIDE]; SIDE] {
    let mut square = [[[0; N]; SIDE]; SIDE];
    for (across, row) in band.chunks_exact(columns).take(SIDE).enumerate() {
        let values = row.get(first..).unwrap_or_default();
        square.iter_mut().zip(values).for_each(|(line, value)| line[across] = *value);
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binary16_and_bfloat16_keeps_its_value_in_binary32() {
        for bits in 0..=u16::MAX {
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let magnitude = match exponent {
                0 => fraction * 2_f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
            };
            let value = f64::from(widened(Kind::F16, bits));
            assert!(value.abs() == magnitude || value.is_nan() && magnitude.is_nan(), "{bits:#x}: {value} for {magnitude}");
            assert_eq!(value.is_sign_negative(), bits >> 15 == 1, "{bits:#x}");
            assert_eq!(widened(Kind::Bf16, bits).to_bits(), u32::from(bits) << 16);
        }
    }

    #[test]
    fn the_greatest_magnitude_is_exact_and_tells_of_what_is_not_finite() {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        assert_eq!(greatest(Kind::F32, &bytes(&[0.5, -3.25, 1.0])), 3.25);
        assert_eq!(greatest(Kind::F32, &[]), 0.0);
        assert_eq!(greatest(Kind::F32, &bytes(&[1.0, f32::NEG_INFINITY])), f32::INFINITY);
        assert!(greatest(Kind::F32, &bytes(&[f32::INFINITY, -f32::NAN])).is_nan());
        assert_eq!(greatest(Kind::F16, &0xc000_u16.to_le_bytes()), 2.0);
        assert_eq!(greatest(Kind::Bf16, &0xc000_u16.to_le_bytes()), 2.0);
        assert_eq!(greatest(Kind::F16, &0x7c00_u16.to_le_bytes()), f32::INFINITY);
    }

    #[test]
    fn a_matrix_of_any_sides_is_turned_and_turned_back() {
        for (rows, columns) in [(1, 1), (1, 7), (7, 1), (3, 32), (33, 31), (64, 65), (100, 3), (70, 300), (33, 512)] {
            let matrix: Vec<u8> = (0..rows * columns).flat_map(|value: u32| (value as f32).to_le_bytes()).collect();
            let (mut once, mut twice) = (Vec::new(), Vec::new());
            write_turned(Kind::F32, Kind::F32, &matrix, columns as usize, &mut once).unwrap();
            write_turned(Kind::F32, Kind::F32, &once, rows as usize, &mut twice).unwrap();
            assert_eq!(twice, matrix);
            let at = |place: u32| once.as_chunks::<4>().0[place as usize];
            assert!(
                (0..rows).all(|row| (0..columns).all(|column| at(column * rows + row) == ((row * columns + column) as f32).to_le_bytes()))
            );
        }
    }
}
