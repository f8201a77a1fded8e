//! What the devnet shows: one line per event, and on a terminal a bar for the running phase.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use node::output;
use protocol::{
    RoundNumber, Wei,
    chain::{Clock, Phase},
};

/// Where lines go; a quiet screen is for tests.
pub struct Screen {
    bar: Option<ProgressBar>,
    is_quiet: bool,
    phase: Option<(RoundNumber, Phase)>,
}

impl Screen {
    /// A bar on a terminal, plain lines elsewhere.
    pub fn new() -> Self {
        let bar = std::io::stdout().is_terminal().then(|| {
            let bar = ProgressBar::new(1);
            // The template is a constant: it cannot be wrong on one machine only.
            if let Ok(style) = ProgressStyle::with_template("  {prefix:>9}  {msg:7} {bar:30} {pos:>2}/{len} s") {
                bar.set_style(style.progress_chars("█▓░"));
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, is_quiet: false, phase: None }
    }

    /// Shows nothing.
    pub fn quiet() -> Self {
        Self { bar: None, is_quiet: true, phase: None }
    }

    /// One line: what it is about, and what happened.
    pub fn line(&self, about: &str, text: &str) {
        let line = format!("  {about:>9}  {text}");
        match &self.bar {
            Some(bar) => bar.println(line),
            None if self.is_quiet => {}
            // Whoever reads no more does not end the network.
            None => drop(output::line(&line)),
        }
    }

    /// Where the round stands at `now_s`.
    pub fn phase(&mut self, clock: &Clock, now_s: u64, length_s: u64) {
        let name = match clock.phase {
            Phase::Train => "TRAIN",
            Phase::Reveal => "REVEAL",
            Phase::Judge => "JUDGE",
        };
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("round {}", clock.round));
            bar.set_message(name);
            bar.set_length(length_s);
            bar.set_position(now_s.saturating_sub(clock.round_start_s).min(length_s));
        } else if self.phase != Some((clock.round, clock.phase)) {
            self.line(&format!("round {}", clock.round), name);
        }
        self.phase = Some((clock.round, clock.phase));
    }

    /// The bar disappears; text follows as it is.
    pub fn end(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if !self.is_quiet {
            drop(output::show(text.as_bytes()));
        }
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

/// NRN for people: at most six digits after the point.
pub fn nrn(amount: Wei) -> String {
    let text = amount.to_nrn();
    match text.split_once('.') {
        Some((whole, part)) => format!("{whole}.{}", &part[..part.len().min(6)]),
        None => text,
    }
}

/// Micronats for people, in nats.
pub fn nats(micronats: u32) -> String {
    format!("{:.4}", f64::from(micronats) / 1e6)
}

/// A share for people.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
