//! Bars of ratios as an SVG that a page of text can show.

use std::fmt::Write;

const WIDTH: f64 = 860.0;
/// Space for names on the left and numbers on the right.
const LEFT: f64 = 270.0;
const RIGHT: f64 = 60.0;
const BAR: f64 = 16.0;
const STEP: f64 = 24.0;
const TOP: f64 = 40.0;
/// Bars end here, and there are no marks behind it.
const MOST: f64 = 2.0;

/// One bar for each `(name, ratio, least)`: longer is better, a line at 1, a mark where it should reach; those above `MOST` say so by their number alone.
pub fn bars(title: &str, rows: &[(String, f64, Option<f64>)]) -> String {
    let scale = (WIDTH - LEFT - RIGHT) / MOST;
    let height = TOP + STEP * rows.len() as f64 + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"10\" y=\"22\" font-size=\"14\">{title}</text>\n"
    );
    for (index, (name, ratio, least)) in rows.iter().enumerate() {
        let top = TOP + STEP * index as f64;
        let (middle, length) = (top + BAR * 0.8, ratio.min(MOST) * scale);
        let colour = if *ratio >= least.unwrap_or(1.0) { "#2a7f62" } else { "#b5652b" };
        let _ = writeln!(svg, "<text x=\"{:.0}\" y=\"{middle:.1}\" text-anchor=\"end\">{name}</text>", LEFT - 8.0);
        let _ = writeln!(svg, "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>");
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{middle:.1}\">{ratio:.2}</text>", LEFT + length + 6.0);
        if let Some(least) = least.filter(|least| *least <= MOST) {
            let x = LEFT + least * scale;
            let _ = writeln!(svg, "<path d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"#222222\" stroke-width=\"2\"/>", top - 3.0, top + BAR + 3.0);
        }
    }
    let one = LEFT + scale;
    let _ = writeln!(svg, "<path d=\"M{one:.1} {:.1}V{height}\" stroke=\"#888888\" stroke-dasharray=\"3 3\"/>\n</svg>", TOP - 8.0);
    svg
}

#[cfg(test)]
mod tests {
    use super::bars;

    #[test]
    fn every_row_has_a_bar_as_long_as_its_ratio_up_to_the_edge_and_a_mark_where_it_should_reach() {
        let svg =
            bars("Ratios", &[("first".to_owned(), 2.0, Some(1.5)), ("second".to_owned(), 1.0, None), ("third".to_owned(), 9.0, Some(3.0))]);
        for part in ["Ratios", "first", "second", ">2.00<", ">1.00<", ">9.00<", "width=\"530.0\"", "width=\"265.0\""] {
            assert!(svg.contains(part), "{part} is missing in {svg}");
        }
        // The mark of the first row, and the line at 1.
        assert!(svg.contains("M667.5 ") && svg.contains("M535.0 ") && svg.matches("<path").count() == 2, "{svg}");
    }
}
