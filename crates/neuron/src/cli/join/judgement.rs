//! What was measured against what winners did, in words.

use protocol::{Micronats, RoundNumber, Wei};

/// Files that a trainer measures in REVEAL: the base and its own.
const MEASURED: u64 = 2;
/// Bytes.
const MEBIBYTE: u64 = 1 << 20;

/// What was seen of this machine and of the group.
#[derive(Debug, Clone)]
pub struct Seen {
    pub admitted: bool,
    pub train_s: u64,
    pub reveal_s: u64,
    /// Where it was measured, and why not on the GPU that was asked for.
    pub device: String,
    /// Steps of this machine in TRAIN.
    pub steps: u32,
    /// Those of the middle one of the last winners, if they told.
    pub winners_steps: Option<u32>,
    /// Time for the losses of one checkpoint.
    pub measure_ms: u64,
    pub needed_bytes: u64,
    pub available_bytes: Option<u64>,
    /// Of the last winners, the latest first.
    pub gains: Vec<(RoundNumber, Micronats, Micronats)>,
    pub reward: Wei,
    /// Of a round's calls, in the chain's coin.
    pub gas: Wei,
}

/// Whether it is worth to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    Yes,
    /// Others are faster by far.
    Hardly,
    TooLittleMemory,
    TooSlowToReveal,
    /// Nothing is paid there.
    Unpaid,
}

impl Judgement {
    /// For programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Hardly => "hardly",
            Self::TooLittleMemory | Self::TooSlowToReveal => "no",
            Self::Unpaid => "unpaid",
        }
    }
}

impl Seen {
    /// What stands in the way most.
    pub fn judge(&self) -> Judgement {
        if self.available_bytes.is_some_and(|available| available < self.needed_bytes) {
            return Judgement::TooLittleMemory;
        }
        if self.measure_ms.saturating_mul(MEASURED) >= self.reveal_s.saturating_mul(1_000) {
            return Judgement::TooSlowToReveal;
        }
        match self.winners_steps {
            _ if !self.admitted => Judgement::Unpaid,
            Some(winners) if self.steps < winners / 2 => Judgement::Hardly,
            _ => Judgement::Yes,
        }
    }

    /// Why.
    pub fn reason(&self, judgement: Judgement) -> String {
        match judgement {
            Judgement::TooLittleMemory => format!(
                "training needs about {} MiB of memory, {} MiB are available",
                self.needed_bytes.div_ceil(MEBIBYTE),
                self.available_bytes.unwrap_or_default() / MEBIBYTE
            ),
            Judgement::TooSlowToReveal => format!(
                "the losses of base and file take {} ms here, and REVEAL lasts {} s: nothing could be revealed, and deposits would be lost",
                self.measure_ms.saturating_mul(MEASURED),
                self.reveal_s
            ),
            Judgement::Unpaid => "this machine is fast enough, but the group is not admitted: its rounds are not paid".to_owned(),
            Judgement::Hardly => format!(
                "winners trained about {} steps, this machine does {} in a round: a GPU, or a larger machine, would win more often",
                self.winners_steps.unwrap_or_default(),
                self.steps
            ),
            Judgement::Yes => match self.winners_steps {
                Some(winners) => format!("winners trained about {winners} steps, this machine does {} in a round", self.steps),
                None => format!("this machine does {} steps in a round; the last winners have not told theirs", self.steps),
            },
        }
    }

    /// For people.
    pub fn lines(&self, judgement: Judgement) -> Vec<String> {
        let verdict = match judgement {
            Judgement::Yes => "yes",
            Judgement::Hardly => "hardly",
            Judgement::TooLittleMemory | Judgement::TooSlowToReveal => "no",
            Judgement::Unpaid => "yes, for nothing",
        };
        let available = self.available_bytes.map_or_else(|| "an unknown number of".to_owned(), |bytes| (bytes / MEBIBYTE).to_string());
        let mut lines = vec![
            format!("{verdict}: {}", self.reason(judgement)),
            format!(
                "  training   {} steps within the {} s of TRAIN, by the exact engine with a trainer's default settings",
                self.steps, self.train_s
            ),
            format!("  device     {}", self.device),
            format!("  measuring  {} ms for the losses of one checkpoint; REVEAL lasts {} s", self.measure_ms, self.reveal_s),
            format!("  memory     {} MiB needed, {available} MiB available", self.needed_bytes.div_ceil(MEBIBYTE)),
            format!(
                "  pay        {} NRN for a won round; gas of a round costs about {} of the chain's coin",
                self.reward.to_nrn(),
                self.gas.to_nrn()
            ),
        ];
        let gain = |(round, base, loss): &(RoundNumber, Micronats, Micronats)| format!("  won        round {round}: {base} → {loss} nats");
        lines.extend(self.gains.iter().map(gain));
        if self.gains.is_empty() {
            lines.push("  won        nobody has won a round yet".to_owned());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        Seen {
            admitted: true,
            train_s: 60,
            reveal_s: 20,
            steps: 1_000,
            device: "processor (avx2, 2 threads)".to_owned(),
            winners_steps: Some(1_500),
            measure_ms: 300,
            needed_bytes: 6 << 20,
            available_bytes: Some(600 << 20),
            gains: vec![(RoundNumber(7), Micronats(2_000_000), Micronats(1_900_000))],
            reward: Wei::nrn(5),
            gas: Wei(1),
        }
    }

    #[test]
    fn whoever_is_slow_poor_in_memory_or_unpaid_is_told_so_before_it_costs_a_deposit() {
        for (seen, judgement, wanted) in [
            (seen(), Judgement::Yes, "winners trained about 1500 steps, this machine does 1000"),
            (Seen { winners_steps: None, ..seen() }, Judgement::Yes, "have not told theirs"),
            (Seen { steps: 749, ..seen() }, Judgement::Hardly, "a GPU"),
            (Seen { steps: 750, ..seen() }, Judgement::Yes, "750"),
            (Seen { measure_ms: 10_000, ..seen() }, Judgement::TooSlowToReveal, "take 20000 ms here, and REVEAL lasts 20 s"),
            (Seen { measure_ms: 9_999, ..seen() }, Judgement::Yes, "this machine"),
            (Seen { available_bytes: Some((6 << 20) - 1), ..seen() }, Judgement::TooLittleMemory, "6 MiB of memory, 5 MiB"),
            (Seen { available_bytes: None, ..seen() }, Judgement::Yes, "this machine"),
            (Seen { admitted: false, ..seen() }, Judgement::Unpaid, "not admitted"),
        ] {
            assert_eq!(seen.judge(), judgement, "{wanted}");
            let told = seen.lines(judgement).join("\n");
            assert!(told.contains("  device     processor (avx2, 2 threads)"), "{told}");
            assert!(told.contains(wanted) && told.contains("round 7: 2.000000 → 1.900000"), "{wanted} in {told}");
        }
    }
}
