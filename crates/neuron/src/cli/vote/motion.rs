//! One thing that is being decided, in words and as JSON.

use node::network_file::moment;
use patches::{Words, shown};
use protocol::{BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, Wei};
use serde_json::{Value, json};

use crate::cli::delta::{plain, state::State};

/// Lines of an author's words that are shown.
const WORDS: usize = 6;

/// What is decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Delta(DeltaNumber),
    Measure(Digest),
    Bounty(BountyNumber),
}

/// How it stands.
#[derive(Debug, Clone)]
pub struct Motion {
    pub of: Of,
    pub group: GroupId,
    /// In one word, of a delta.
    pub state: Option<State>,
    /// What its author says of it.
    pub said: Option<Words>,
    pub what: String,
    /// Stake behind it.
    pub votes: Wei,
    /// What it takes at least, as far as it is known.
    pub least: Option<Wei>,
    /// Second at which it is decided, or over.
    pub until_s: Option<u64>,
    pub own: Vec<Own>,
    /// The command that takes part.
    pub command: Option<String>,
}

/// What a position of the account says: whether for this, or for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    pub group: GroupId,
    pub position: PositionNumber,
    /// As the chain counted it.
    pub counted: Option<bool>,
    /// As the group's log has it.
    pub signed: Option<bool>,
}

impl Motion {
    /// A bounty is decided by what validators' nodes measure; nobody votes by hand.
    pub fn of_bounty(number: BountyNumber, group: GroupId, brief: String, next: String) -> Self {
        let what = format!("{brief}; {next}");
        let (state, said) = (None, None);
        Self {
            of: Of::Bounty(number),
            group,
            state,
            said,
            what,
            votes: Wei::ZERO,
            least: None,
            until_s: None,
            own: Vec::new(),
            command: None,
        }
    }

    fn name(&self) -> String {
        match self.of {
            Of::Delta(number) => format!("delta {number} of group {}", self.group),
            Of::Measure(name) => format!("measure {name} of group {}", self.group),
            Of::Bounty(number) => format!("bounty {number} of group {}", self.group),
        }
    }

    fn lines(&self, now_s: u64) -> Vec<String> {
        let state = self.state.map(|state| format!(", {state}")).unwrap_or_default();
        let mut lines = vec![format!("{}{state}", self.name()), format!("  what    {}", self.what)];
        lines.extend(self.said.iter().flat_map(said));
        if let Of::Delta(number) = self.of {
            lines.push(format!("  look    `neuron delta show {number} --group {}`: its diff, what it adds, who voted", self.group));
        }
        if let Some(until_s) = self.until_s {
            let least = self.least.map(|least| format!(", it takes {} NRN at least", least.to_nrn())).unwrap_or_default();
            lines.push(format!("  stands  {} NRN for it{least}", self.votes.to_nrn()));
            lines.push(match until_s > now_s {
                true => format!("  until   {}", moment(until_s)),
                false => "  until   now: whoever calls next ends it".to_owned(),
            });
        }
        lines.extend(self.own.iter().map(|own| format!("  you     {}", own.words())));
        if self.own.iter().any(|own| own.counted.or(own.signed).is_none()) {
            lines.extend(self.command.iter().map(|command| format!("  vote    `{command}`")));
        }
        lines
    }

    /// For programs.
    pub fn data(&self) -> Value {
        let (kind, name) = match self.of {
            Of::Delta(number) => ("delta", number.to_string()),
            Of::Measure(name) => ("measure", name.to_string()),
            Of::Bounty(number) => ("bounty", number.to_string()),
        };
        let own: Vec<Value> = self.own.iter().map(Own::data).collect();
        json!({
            "of": kind, "name": name, "group": self.group, "what": self.what, "votes_wei": self.votes, "least_wei": self.least,
            "until_s": self.until_s, "own": own, "command": self.command, "state": self.state.map(|state| state.to_string()),
            "title": self.said.as_ref().and_then(|said| said.title.as_deref()),
        })
    }
}

/// An author's title and the first of his lines.
fn said(said: &Words) -> Vec<String> {
    let title = said.title.iter().map(|title| format!("  title   {}", shown(title)));
    let lines = said.lines.iter().take(WORDS).map(|line| format!("          │ {}", plain(line)));
    let more = (said.lines.len() > WORDS).then(|| format!("          … and {} more lines", said.lines.len() - WORDS));
    title.chain(lines).chain(more).collect()
}

impl Own {
    fn words(&self) -> String {
        let Self { group, position, .. } = self;
        let said = match (self.counted, self.signed) {
            (Some(true), _) => "for it, counted",
            (_, Some(true)) => "for it, signed; validators bring it to the chain",
            (Some(false), _) => "for something else, counted",
            (None, Some(false)) => "for something else, signed",
            (None, None) => "not yet",
        };
        format!("position {position} of group {group}: {said}")
    }

    fn data(&self) -> Value {
        json!({ "group": self.group, "position": self.position, "for_it_counted": self.counted, "for_it_signed": self.signed })
    }
}

/// All of them for people.
pub fn lines(motions: &[Motion], now_s: u64) -> Vec<String> {
    match motions.is_empty() {
        true => vec!["nothing is being voted on; `neuron delta propose` and `neuron measure propose` begin something".to_owned()],
        false => motions.iter().flat_map(|motion| motion.lines(now_s)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn motion(counted: Option<bool>, signed: Option<bool>) -> Motion {
        Motion {
            of: Of::Delta(DeltaNumber(4)),
            group: GroupId(1),
            state: Some(State::Leading),
            said: Some(Words { title: Some("More\u{1b}sevens".into()), lines: vec!["They were few.\u{9b}".into(); 8] }),
            what: "changes the set".into(),
            votes: Wei::nrn(3),
            least: Some(Wei::nrn(5)),
            until_s: Some(101),
            own: vec![Own { group: GroupId(1), position: PositionNumber(2), counted, signed }],
            command: Some("neuron delta vote 4 --group 1".into()),
        }
    }

    #[test]
    fn who_has_not_voted_reads_the_command_and_who_has_reads_how() {
        for (counted, signed, wanted, is_asked) in [
            (None, None, "position 2 of group 1: not yet", true),
            (Some(true), None, "for it, counted", false),
            (Some(false), None, "for something else, counted", false),
            (None, Some(true), "for it, signed", false),
            (Some(false), Some(true), "for it, signed", false),
            (None, Some(false), "for something else, signed", false),
        ] {
            let told = lines(&[motion(counted, signed)], 100).join("\n");
            assert!(told.contains(wanted), "{told}");
            assert_eq!(told.contains("`neuron delta vote 4 --group 1`"), is_asked, "{told}");
        }
    }

    #[test]
    fn a_motion_says_how_it_stands_and_until_when() {
        let told = lines(&[motion(None, None)], 100).join("\n");
        for wanted in [
            "delta 4 of group 1, leading",
            "  title   `More\\u{1b}sevens`",
            "          │ They were few.\\u{9b}",
            "          … and 2 more lines",
            "`neuron delta show 4 --group 1`",
            "3 NRN for it, it takes 5 NRN at least",
            "until   1970-01-01T00:01:41Z",
        ] {
            assert!(told.contains(wanted), "{wanted} in {told}");
        }
        assert!(lines(&[motion(None, None)], 101).join("\n").contains("whoever calls next ends it"));
        let bounty = Motion::of_bounty(BountyNumber(1), GroupId(1), "80 NRN".into(), "it is measured".into());
        assert_eq!(lines(&[bounty], 0), ["bounty 1 of group 1", "  what    80 NRN; it is measured"]);
        assert!(lines(&[], 0)[0].starts_with("nothing is being voted on"));
    }
}
