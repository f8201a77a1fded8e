//! Values of a tensor as they lie in memory or in a file, and the narrow form of binary32 that files may have.
//!
//! bfloat16 is the upper half of binary32: widening is exact, so that all that is defined on weights is defined on the widened ones.
//! A file is widened some values at a time, where they are needed; no second copy of it is made.

use serde::{Deserialize, Serialize};

/// Values that are widened at a time, where all of a tensor are gone through.
const PART: usize = 1024;
/// Bits of a magnitude from which on a binary32 is not finite.
pub(crate) const NOT_FINITE: u32 = 0x7f80_0000;
/// All bits but the sign.
const MAGNITUDE: u32 = 0x7fff_ffff;
/// Bits that bfloat16 leaves out.
const LEFT_OUT: u32 = 16;

/// Form of the values in a checkpoint. Computing knows binary32 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// binary32, four bytes little-endian: `F32` in a header. A manifest leaves it out.
    #[default]
    #[serde(skip)]
    F32,
    /// bfloat16, two bytes little-endian: `BF16` in a header.
    Bf16,
}

impl Dtype {
    /// Whether it is what a manifest leaves out.
    pub(crate) fn is_f32(&self) -> bool {
        *self == Self::F32
    }

    /// Bytes of one value.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::Bf16 => 2,
        }
    }

    /// As the header of a safetensors file names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::Bf16 => "BF16",
        }
    }

    /// The nearest value that a file can hold, of two the one whose last bit is 0; of a finite one. A magnitude above the greatest
    /// bfloat16 becomes infinite.
    ///
    /// ```
    /// use evaluator::Dtype;
    ///
    /// assert_eq!((Dtype::Bf16.rounded(1.003), Dtype::Bf16.rounded(257.0)), (1.0, 256.0));
    /// assert_eq!(Dtype::F32.rounded(257.0), 257.0);
    /// ```
    pub fn rounded(self, value: f32) -> f32 {
        match self {
            Self::F32 => value,
            Self::Bf16 => widened(narrowed(value)),
        }
    }

    /// Appends the bytes of values that a file can hold.
    pub(crate) fn encode(self, values: &[f32], bytes: &mut Vec<u8>) {
        match self {
            Self::F32 => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Self::Bf16 => bytes.extend(values.iter().flat_map(|value| narrowed(*value).to_le_bytes())),
        }
    }
}

/// The upper half, rounded to nearest, ties to even.
fn narrowed(value: f32) -> u16 {
    let bits = value.to_bits();
    let half = 0x7fff + ((bits >> LEFT_OUT) & 1);
    (bits.wrapping_add(half) >> LEFT_OUT) as u16
}

/// Exactly the same value.
fn widened(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << LEFT_OUT)
}

/// Values of a tensor, row-major.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    /// In memory.
    Wide(&'a [f32]),
    /// In a file of binary32, little-endian, at any address.
    Single(&'a [[u8; 4]]),
    /// In a file of bfloat16, likewise.
    Half(&'a [[u8; 2]]),
}

impl<'a> From<&'a [f32]> for Values<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Wide(values)
    }
}

impl<'a> From<&'a Vec<f32>> for Values<'a> {
    fn from(values: &'a Vec<f32>) -> Self {
        Self::Wide(values)
    }
}

impl<'a> Values<'a> {
    /// Of so many bytes as they lie in a file; what is no whole value at the end is left out.
    pub(crate) fn of_bytes(dtype: Dtype, bytes: &'a [u8]) -> Self {
        match dtype {
            Dtype::F32 => Self::Single(bytes.as_chunks().0),
            Dtype::Bf16 => Self::Half(bytes.as_chunks().0),
        }
    }

    /// How many.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Wide(values) => values.len(),
            Self::Single(values) => values.len(),
            Self::Half(values) => values.len(),
        }
    }

    /// Themselves, if they lie in memory.
    pub(crate) fn wide(self) -> Option<&'a [f32]> {
        if let Self::Wide(values) = self { Some(values) } else { None }
    }

    /// Copies those from `first` on, as many as there is room for.
    #[inline(always)]
    pub(crate) fn widen(self, first: usize, to: &mut [f32]) {
        let end = first + to.len();
        match self {
            Self::Wide(values) => to.copy_from_slice(&values[first..end]),
            Self::Single(values) => to.iter_mut().zip(&values[first..end]).for_each(|(to, value)| *to = f32::from_le_bytes(*value)),
            Self::Half(values) => to.iter_mut().zip(&values[first..end]).for_each(|(to, value)| *to = widened(u16::from_le_bytes(*value))),
        }
    }

    /// Adds those from `first` on, as many as there are sums.
    pub(crate) fn add(self, first: usize, sums: &mut [f32]) {
        let end = first + sums.len();
        match self {
            Self::Wide(values) => sums.iter_mut().zip(&values[first..end]).for_each(|(sum, value)| *sum += value),
            Self::Single(values) => sums.iter_mut().zip(&values[first..end]).for_each(|(sum, value)| *sum += f32::from_le_bytes(*value)),
            Self::Half(values) => {
                sums.iter_mut().zip(&values[first..end]).for_each(|(sum, value)| *sum += widened(u16::from_le_bytes(*value)));
            }
        }
    }

    /// Calls `read` with all of them in their order, some at a time.
    pub(crate) fn in_parts(self, mut read: impl FnMut(&[f32])) {
        if let Self::Wide(values) = self {
            return read(values);
        }
        let mut part = [0.0; PART];
        for first in (0..self.len()).step_by(PART) {
            let part = &mut part[..PART.min(self.len() - first)];
            self.widen(first, part);
            read(part);
        }
    }

    /// Whether both are as many and the same; NaN is never the same.
    pub(crate) fn equal(self, other: Self) -> bool {
        self.agree(other, |left, right| left == right)
    }

    /// Whether both are as many and the same to the bit.
    pub(crate) fn same_bits(self, other: Self) -> bool {
        self.agree(other, |left, right| left.to_bits() == right.to_bits())
    }

    /// Whether both are as many, and each is what `same` says beside that in its place.
    fn agree(self, other: Self, same: impl Fn(f32, f32) -> bool) -> bool {
        let (mut left, mut right) = ([0.0; PART], [0.0; PART]);
        let mut agree = |first: usize| {
            let count = PART.min(self.len() - first);
            self.widen(first, &mut left[..count]);
            other.widen(first, &mut right[..count]);
            left[..count].iter().zip(&right[..count]).all(|(left, right)| same(*left, *right))
        };
        self.len() == other.len() && (0..self.len()).step_by(PART).all(&mut agree)
    }

    /// All of them.
    pub(crate) fn to_vec(self) -> Vec<f32> {
        let mut values = vec![0.0; self.len()];
        self.widen(0, &mut values);
        values
    }

    /// Bits of the greatest magnitude as binary32, 0 of nothing: `NOT_FINITE` or more if any value is not finite.
    pub(crate) fn magnitude(self) -> u32 {
        match self {
            Self::Wide(values) => values.iter().fold(0, |most, value| most.max(value.to_bits() & MAGNITUDE)),
            Self::Single(values) => values.iter().fold(0, |most, value| most.max(u32::from_le_bytes(*value) & MAGNITUDE)),
            Self::Half(values) => {
                let most = values.iter().fold(0, |most, value| most.max(u16::from_le_bytes(*value) & (MAGNITUDE >> LEFT_OUT) as u16));
                u32::from(most) << LEFT_OUT
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bfloat16_is_its_own_nearest() {
        for bits in 0..=u16::MAX {
            let value = widened(bits);
            if value.is_finite() {
                assert_eq!((narrowed(value), Dtype::Bf16.rounded(value).to_bits()), (bits, value.to_bits()));
            }
        }
    }

    #[test]
    fn between_two_neighbours_the_nearest_is_taken_and_of_a_tie_the_even_one() {
        for bits in 0..0x7f7f_u16 {
            let (low, high) = (u32::from(bits) << 16, u32::from(bits + 1) << 16);
            let even = if bits % 2 == 0 { low } else { high };
            for (sign, cases) in [0, 1 << 31].map(|sign| (sign, [(1, low), (0x7fff, low), (0x8000, even), (0x8001, high), (0xffff, high)]))
            {
                for (rest, expected) in cases {
                    let found = Dtype::Bf16.rounded(f32::from_bits(sign | low | rest));
                    assert_eq!(found.to_bits(), sign | expected, "{bits:04x} and {rest:04x}");
                }
            }
        }
    }

    #[test]
    fn bytes_at_any_address_are_the_values_that_were_encoded() {
        let values = [0.0, -0.0, 1.0, -1.5, 65_536.0, f32::from_bits(1 << 16), 3.0];
        for dtype in [Dtype::F32, Dtype::Bf16] {
            for skip in 0..4 {
                let mut bytes = vec![0; skip];
                dtype.encode(&values, &mut bytes);
                let read = Values::of_bytes(dtype, &bytes[skip..]);
                assert_eq!(read.len(), values.len());
                assert_eq!(read.to_vec().map_bits(), values.to_vec().map_bits());
                let mut sums = [0.5; 3];
                read.add(2, &mut sums);
                assert_eq!(sums, [1.5, -1.0, 65_536.5]);
                let mut parts = Vec::new();
                read.in_parts(|part| parts.extend_from_slice(part));
                assert_eq!(parts.map_bits(), values.to_vec().map_bits());
                assert_eq!(read.magnitude(), 65_536.0_f32.to_bits());
            }
        }
    }

    #[test]
    fn a_magnitude_tells_whether_any_value_is_not_finite() {
        for value in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut bytes = [1.0_f32, value, 2.0].map(|value| (value.to_bits() >> 16) as u16).map(u16::to_le_bytes).concat();
            assert!(Values::of_bytes(Dtype::Bf16, &bytes).magnitude() >= NOT_FINITE, "{value}");
            bytes = [1.0_f32, value, 2.0].map(f32::to_le_bytes).concat();
            assert!(Values::of_bytes(Dtype::F32, &bytes).magnitude() >= NOT_FINITE, "{value}");
            assert!(Values::Wide(&[1.0, value, 2.0]).magnitude() >= NOT_FINITE, "{value}");
        }
        assert_eq!(Values::Wide(&[]).magnitude(), 0);
    }

    trait MapBits {
        fn map_bits(&self) -> Vec<u32>;
    }

    impl MapBits for Vec<f32> {
        fn map_bits(&self) -> Vec<u32> {
            self.iter().map(|value| value.to_bits()).collect()
        }
    }
}
