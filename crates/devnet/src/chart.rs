//! A curve of losses drawn with characters.

use std::fmt::Write;

/// Rows of the drawing.
const HEIGHT: usize = 10;
/// Columns that one round takes.
const STEP: usize = 4;

/// Draws `values` (micronats, one per round) from left to right; the axis shows nats.
pub fn curve(values: &[u32]) -> String {
    let (Some(&least), Some(&most)) = (values.iter().min(), values.iter().max()) else {
        return String::from("  (no round was won)\n");
    };
    let span = f64::from((most - least).max(1));
    let row_of = |value: u32| ((f64::from(most - value) / span) * (HEIGHT - 1) as f64).round() as usize;
    let mut picture = String::new();
    for row in 0..HEIGHT {
        let label = f64::from(most) - span * row as f64 / (HEIGHT - 1) as f64;
        let _ = write!(picture, "  {:>8.4} ┤", label / 1e6);
        for value in values {
            let mark = if row_of(*value) == row { "●" } else { " " };
            let _ = write!(picture, "{:>STEP$}", mark);
        }
        picture.push('\n');
    }
    let _ = writeln!(picture, "  {:>8} └{}", "nats", "─".repeat(STEP * values.len() + 1));
    picture
}

#[cfg(test)]
mod tests {
    use super::curve;

    #[test]
    fn the_highest_loss_stands_in_the_first_row_and_the_lowest_in_the_last() {
        let picture = curve(&[900_000, 500_000, 100_000]);
        let rows: Vec<&str> = picture.lines().collect();
        assert!(rows[0].contains("0.9000") && rows[0].contains('●'));
        assert!(rows[9].contains("0.1000") && rows[9].trim_end().ends_with('●'));
    }

    #[test]
    fn equal_losses_and_no_losses_are_drawn_too() {
        assert!(curve(&[5, 5]).contains('●'));
        assert!(curve(&[]).contains("no round"));
    }
}
