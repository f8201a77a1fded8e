//! What acts and outcomes are called when people read of them.

use protocol::{chain::Outcome, measures::Act};

/// What a measure does, as a sentence without its end.
pub fn of_act(act: &Act) -> String {
    match act {
        Act::Period { group, period_s } => format!("periods of group {group} last {period_s} s from its next turn on"),
        Act::Rollback { group, delta } => format!("delta {delta} is taken out of the set of group {group}"),
        Act::Admit { group } => format!("group {group} draws on the common issue"),
        Act::Revoke { group } => format!("group {group} no longer draws on the common issue"),
        Act::Strike { group, round, restore: false } => format!("the coinbase of round {round} of group {group} is cancelled"),
        Act::Strike { group, round, restore: true } => {
            format!("the coinbase of round {round} of group {group} is cancelled and the group returns to the base of that round")
        }
        Act::Slash { group, position, basis_points } => {
            let percent = format!("{}.{:02}", basis_points / 100, basis_points % 100);
            format!("position {position} of group {group} loses {percent} % of its stake")
        }
    }
}

/// Name of an outcome; an undecided round with reveals is void.
pub fn of_outcome(outcome: Outcome, reveals: usize) -> &'static str {
    match outcome {
        Outcome::Won => "won",
        Outcome::Lost => "lost",
        Outcome::Struck => "struck",
        Outcome::None if reveals > 0 => "void",
        Outcome::None => "empty",
    }
}
