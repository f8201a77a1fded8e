//! Who takes part for something else than what the rules pay for: each vice a file, named for it.
//!
//! An adversary has a node, keys and money. It wraps the honest machine of its role and changes what that asks for, or acts by
//! itself on what it hears; it can do with its [`Hands`] whatever a stranger can, and nothing more.

mod censor;
mod copier;
mod designed_to_lose;
mod displacer;
mod drip_feeder;
mod dust_staker;
mod early_tenth;
mod eclipser;
mod equivocator;
mod exam_shopper;
mod exploded;
mod flooder;
mod greedy;
mod hoarder;
mod last_second;
mod lazy;
mod lying_rpc;
mod memoriser;
mod monster;
mod noise_voters;
mod oversized;
mod poisoner;
mod sequencer;
mod server_to_some;
mod shader;
mod silent;
mod spiteful;
mod squatter;
mod withholder;
mod zero_padding;

#[cfg(doc)]
use crate::world::hands::Hands;
use crate::{vice::Vice, world::vices::Adversary};

/// Whoever has that vice.
pub fn of(vice: Vice) -> Box<dyn Adversary> {
    match vice {
        Vice::Censor => Box::new(censor::Censor),
        Vice::Copier => Box::new(copier::Copier::default()),
        Vice::DesignedToLose => Box::new(designed_to_lose::DesignedToLose::default()),
        Vice::Displacer => Box::new(displacer::Displacer::default()),
        Vice::DripFeeder => Box::new(drip_feeder::DripFeeder::default()),
        Vice::DustStaker => Box::new(dust_staker::DustStaker::default()),
        Vice::EarlyTenth => Box::new(early_tenth::EarlyTenth::default()),
        Vice::Eclipser => Box::new(eclipser::Eclipser::default()),
        Vice::Equivocator => Box::new(equivocator::Equivocator),
        Vice::ExamShopper => Box::new(exam_shopper::ExamShopper::default()),
        Vice::Exploded => Box::new(exploded::Exploded::default()),
        Vice::Flooder => Box::new(flooder::Flooder::default()),
        Vice::Greedy => Box::new(greedy::Greedy::default()),
        Vice::Hoarder => Box::new(hoarder::Hoarder::default()),
        Vice::LastSecond => Box::new(last_second::LastSecond::default()),
        Vice::Lazy => Box::new(lazy::Lazy::default()),
        Vice::LyingRpc => Box::new(lying_rpc::LyingRpc),
        Vice::Memoriser => Box::new(memoriser::Memoriser::default()),
        Vice::Monster => Box::new(monster::Monster::default()),
        Vice::NoiseVoters => Box::new(noise_voters::NoiseVoters::default()),
        Vice::Oversized => Box::new(oversized::Oversized),
        Vice::Poisoner => Box::new(poisoner::Poisoner::default()),
        Vice::Sequencer => Box::new(sequencer::Sequencer::default()),
        Vice::ServerToSome => Box::new(server_to_some::ServerToSome),
        Vice::Shader => Box::new(shader::Shader),
        Vice::Silent => Box::new(silent::Silent),
        Vice::Spiteful => Box::new(spiteful::Spiteful::default()),
        Vice::Squatter => Box::new(squatter::Squatter::default()),
        Vice::Withholder => Box::new(withholder::Withholder),
        Vice::ZeroPadding => Box::new(zero_padding::ZeroPadding::default()),
    }
}
