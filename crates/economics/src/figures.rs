//! Figures with their spread over seeds, and tables of them.

use std::{fmt::Write, thread};

use serde_json::{Value, json};

/// Mean and standard deviation over seeds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figure {
    pub mean: f64,
    pub deviation: f64,
}

impl Figure {
    /// Of what single seeds gave; 0 of nothing.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
    }
}

/// Plays seeds 0 to `seeds` − 1 on the processor's cores and gives a figure for each of the K values of a run.
pub fn over_seeds<const K: usize>(seeds: u64, run: impl Fn(u64) -> [f64; K] + Sync) -> [Figure; K] {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let mut runs: Vec<(u64, [f64; K])> = thread::scope(|scope| {
        let run = &run;
        let of_core = |core| scope.spawn(move || (core..seeds).step_by(cores as usize).map(|seed| (seed, run(seed))).collect::<Vec<_>>());
        let threads: Vec<_> = (0..cores).map(of_core).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    // A sum of floats depends on its order.
    runs.sort_unstable_by_key(|(seed, _)| *seed);
    std::array::from_fn(|value| Figure::of(&runs.iter().map(|(_, values)| values[value]).collect::<Vec<_>>()))
}

/// Rows of figures, each behind what it is about.
#[derive(Debug, Clone)]
pub struct Table {
    /// Of its section in the book.
    pub name: &'static str,
    pub columns: Vec<&'static str>,
    /// Digits behind the point, for each column of figures.
    pub digits: Vec<usize>,
    pub rows: Vec<(Vec<String>, Vec<Figure>)>,
}

impl Table {
    /// Columns of labels, then of figures with so many digits behind the point.
    pub fn new(name: &'static str, labels: &[&'static str], figures: &[(&'static str, usize)]) -> Self {
        let columns = labels.iter().copied().chain(figures.iter().map(|(column, _)| *column)).collect();
        Self { name, columns, digits: figures.iter().map(|(_, digits)| *digits).collect(), rows: Vec::new() }
    }

    /// Adds a row: as many labels and figures as there are columns of each.
    pub fn push(&mut self, labels: &[&dyn ToString], figures: &[Figure]) {
        self.rows.push((labels.iter().map(|label| label.to_string()).collect(), figures.to_vec()));
    }

    /// As Markdown: mean ± deviation.
    pub fn markdown(&self) -> String {
        let labels = self.columns.len() - self.digits.len();
        let marks: String = (0..self.columns.len()).map(|column| if column < labels { "---|" } else { "--:|" }).collect();
        let mut text = format!("| {} |\n|{marks}\n", self.columns.join(" | "));
        for (labels, figures) in &self.rows {
            let figures = figures.iter().zip(&self.digits).map(|(figure, digits)| {
                let (mean, deviation) = (figure.mean + 0.0, figure.deviation);
                if deviation > 0.0 { format!("{mean:.digits$} ± {deviation:.digits$}") } else { format!("{mean:.digits$}") }
            });
            let cells: Vec<_> = labels.iter().cloned().chain(figures).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    /// As objects: the labels and, of each figure, mean and deviation.
    pub fn json(&self) -> Vec<Value> {
        let row = |(labels, figures): &(Vec<String>, Vec<Figure>)| {
            let mut cells = serde_json::Map::from_iter([("table".to_owned(), json!(self.name))]);
            let labelled = labels.iter().map(|label| json!(label));
            let measured = figures.iter().map(|figure| json!({ "mean": figure.mean, "deviation": figure.deviation }));
            cells.extend(self.columns.iter().map(|column| (*column).to_owned()).zip(labelled.chain(measured)));
            Value::Object(cells)
        };
        self.rows.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_mean_and_deviation_of_a_sample() {
        assert_eq!(Figure::of(&[1.0, 3.0]), Figure { mean: 2.0, deviation: 2.0_f64.sqrt() });
        assert_eq!(Figure::of(&[]), Figure::default());
    }

    #[test]
    fn seeds_come_in_their_order_whatever_thread_plays_them() {
        let [figure] = over_seeds(5, |seed| [seed as f64]);
        assert_eq!(figure.mean, 2.0);
    }

    #[test]
    fn a_table_says_mean_and_spread_behind_its_labels() {
        let mut table = Table::new("pay", &["who"], &[("NRN", 1)]);
        table.push(&[&"Ann"], &[Figure { mean: 1.25, deviation: 0.5 }]);
        assert_eq!(table.markdown(), "| who | NRN |\n|---|--:|\n| Ann | 1.2 ± 0.5 |\n");
        assert_eq!(table.json()[0]["NRN"]["mean"], 1.25);
    }
}
