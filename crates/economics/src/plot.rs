//! Lines as an SVG that a page of text can show.

use plotters::{
    coord::{ranged1d::ValueFormatter, types::RangedCoordf64},
    prelude::*,
};

const SIZE: (u32, u32) = (860, 380);
const COLOURS: [RGBColor; 6] = [
    RGBColor(42, 127, 98),
    RGBColor(181, 101, 43),
    RGBColor(58, 92, 160),
    RGBColor(150, 60, 120),
    RGBColor(90, 90, 90),
    RGBColor(190, 160, 40),
];

/// A plot of named lines.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Of its file.
    pub name: &'static str,
    pub title: &'static str,
    pub across: &'static str,
    pub up: &'static str,
    /// Across.
    pub is_logarithmic: bool,
    /// Whether the axis up begins at 0.
    pub from_zero: bool,
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

impl Plot {
    /// # Errors
    /// When a line has no extent that can be drawn.
    pub fn svg(&self) -> Result<String, String> {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(shown)?;
        let points = || self.lines.iter().flat_map(|(_, points)| points.iter().copied());
        let (left, right) = extent(points().map(|(x, _)| x));
        let (low, high) = extent(points().map(|(_, y)| y).chain(self.from_zero.then_some(0.0)));
        let mut builder = ChartBuilder::on(&area);
        builder.caption(self.title, ("sans-serif", 16)).margin(10).x_label_area_size(40).y_label_area_size(60);
        match self.is_logarithmic {
            true => self.draw(builder.build_cartesian_2d((left..right).log_scale(), low..high).map_err(shown)?)?,
            false => self.draw(builder.build_cartesian_2d(left..right, low..high).map_err(shown)?)?,
        }
        area.present().map_err(shown)?;
        drop(area);
        Ok(svg)
    }

    fn draw<'a, X>(&self, mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, RangedCoordf64>>) -> Result<(), String>
    where
        X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        chart.configure_mesh().x_desc(self.across).y_desc(self.up).light_line_style(WHITE).draw().map_err(shown)?;
        for ((name, points), colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            let series = LineSeries::new(points.iter().copied(), colour.stroke_width(2));
            let legend = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2));
            chart.draw_series(series).map_err(shown)?.label(name).legend(legend);
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw().map_err(shown)
    }
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// From the least to the most, a little apart where they are equal.
fn extent(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (low, high) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
    (low, if high > low { high } else { low + 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_drawn_and_named() {
        let lines = vec![("first".to_owned(), vec![(1.0, 2.0), (100.0, 3.0)]), ("second".to_owned(), vec![(1.0, 0.0), (100.0, 0.5)])];
        let plot = Plot { name: "plot", title: "Lines", across: "x", up: "y", is_logarithmic: true, from_zero: true, lines };
        let svg = plot.svg().expect("drawn");
        for part in ["Lines", "first", "second", "<polyline"] {
            assert!(svg.contains(part), "{part} is missing");
        }
    }
}
