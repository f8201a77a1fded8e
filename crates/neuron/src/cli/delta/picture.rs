//! An example that is a picture, drawn in a terminal: two points of it in each letter, one above the other.

use std::fmt;

/// Points of a side at most and at least; smaller rows are tables, larger ones do not fit.
const SIDES: std::ops::RangeInclusive<usize> = 5..=96;
/// The first of 24 greys among the 256 colours of terminals, and how many follow it.
const BLACK: u32 = 232;
const GREYS: u32 = 23;

/// Width and height in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    width: usize,
    height: usize,
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        match sides {
            Some((width, height)) if (1..=*SIDES.end()).contains(&width) && (1..=*SIDES.end()).contains(&height) => {
                Ok(Self { width, height })
            }
            _ => Err(format!("write width and height, like 28x28, each at most {}", SIDES.end())),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}x{}", self.width, self.height)
    }
}

impl Size {
    /// The square that so many features make, if they make one.
    pub fn square(features: usize) -> Option<Self> {
        let side = features.isqrt();
        (side * side == features && SIDES.contains(&side)).then_some(Self { width: side, height: side })
    }
}

/// The lines that show a row's features as grey points, the darkest for the least of them; nothing for a row of another length.
pub fn drawn(row: &str, size: Size) -> Option<Vec<String>> {
    let (features, _) = row.rsplit_once(',')?;
    let values: Vec<i64> = features.split(',').map(|value| value.parse().ok()).collect::<Option<_>>()?;
    if values.len() != size.width * size.height {
        return None;
    }
    let (least, most) = (values.iter().copied().min()?, values.iter().copied().max()?);
    let grey = |value: i64| {
        let (above, span) = (value.abs_diff(least), most.abs_diff(least).max(1));
        BLACK + u32::try_from(u128::from(above) * u128::from(GREYS) / u128::from(span)).unwrap_or(GREYS)
    };
    let points: Vec<Vec<u32>> = values.chunks(size.width).map(|line| line.iter().copied().map(grey).collect()).collect();
    Some(points.chunks(2).map(line).collect())
}

/// Two lines of points as one of letters.
fn line(points: &[Vec<u32>]) -> String {
    let (Some(upper), lower) = (points.first(), points.get(1)) else { return String::new() };
    let mut text = String::from("    ");
    for (column, above) in upper.iter().enumerate() {
        let below = lower.and_then(|lower| lower.get(column)).copied().unwrap_or(BLACK);
        text.push_str(&format!("\u{1b}[38;5;{above};48;5;{below}m▀"));
    }
    text.push_str("\u{1b}[0m");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_become_greys_two_points_in_each_letter() {
        let size: Size = "2x3".parse().expect("a size");
        let lines = drawn("0,16,8,0,16,16,7", size).expect("a picture");
        assert_eq!(
            lines,
            [
                "    \u{1b}[38;5;232;48;5;243m▀\u{1b}[38;5;255;48;5;232m▀\u{1b}[0m",
                "    \u{1b}[38;5;255;48;5;232m▀\u{1b}[38;5;255;48;5;232m▀\u{1b}[0m",
            ]
        );
        assert_eq!(drawn("0,16,8,0,16,7", size), None);
        assert_eq!(drawn("a,16,8,0,16,16,7", size), None);
        assert!(drawn(&format!("{},{},0,0,0,0,7", i64::MIN, i64::MAX), size).is_some());
    }

    #[test]
    fn a_size_is_written_as_width_and_height_or_is_that_of_a_square() {
        for (text, is_one) in [("28x28", true), ("1x96", true), ("0x1", false), ("97x1", false), ("28", false), ("x", false)] {
            assert_eq!(text.parse::<Size>().is_ok(), is_one, "{text}");
        }
        for (features, wanted) in [(64, Some("8x8")), (784, Some("28x28")), (4, None), (65, None), (97 * 97, None), (0, None)] {
            assert_eq!(Size::square(features).map(|size| size.to_string()).as_deref(), wanted);
        }
    }
}
