//! Texts that go on: keys and values that are kept change no bit, and a share of all chances leaves the unlikely tokens out.

use std::collections::BTreeSet;

use evaluator::{Checkpoint, Compute, Data, Isa, Manifest, exp, predict};
use sha2::{Digest, Sha256};

use crate::reference_gpt::Sizes;
use crate::reference_llama;
use crate::{gpt, llama};

/// Models of both families whose sizes fill no tile and no register, with all that they may have and with nothing of it.
fn models() -> Vec<Checkpoint> {
    let gpt = |bias, tied| Sizes { layers: 2, heads: 3, width: 33, context: 21, vocabulary: 29, bias, tied };
    let llama = |sizes: reference_llama::Sizes| reference_llama::Sizes { context: 21, vocabulary: 29, ..sizes };
    let short = |window| reference_llama::Sizes { window: Some(window), ..llama::full() };
    let mut manifests: Vec<Manifest> = [(true, true), (false, false)].map(|(bias, tied)| gpt::manifest(gpt(bias, tied), 7, 4)).into();
    let sizes = [llama::plain(), llama::full(), short(1), short(5), short(17)];
    manifests.extend(sizes.map(|sizes| llama::manifest(&llama(sizes), 7, 4)));
    manifests.iter().map(|manifest| gpt::checkpoint(manifest, 1.0)).collect()
}

fn bits(row: &[f32]) -> Vec<u32> {
    row.iter().map(|value| value.to_bits()).collect()
}

fn text_of(checkpoint: &Checkpoint, tokens: &[u32]) -> String {
    let Data::Text { tokenizer, .. } = checkpoint.manifest().data() else { panic!("a model of text") };
    tokenizer.decode(tokens)
}

#[test]
fn every_row_of_a_text_has_the_bits_of_a_pass_over_all_that_is_seen() {
    // Prompts of one token, of some, of all but one of a context, of a whole one, and of more.
    for (checkpoint, length) in models().iter().flat_map(|checkpoint| [1, 3, 20, 21, 30].map(|length| (checkpoint, length))) {
        let prompt = gpt::text(length);
        for isa in Isa::available() {
            let compute = Compute::new(isa, 1).unwrap();
            let mut generator = compute.generate(checkpoint, &prompt, 1.0, [length as u8; 32]).unwrap();
            assert!(generator.log_probabilities().is_empty());
            let mut text = prompt.clone();
            // Beyond a full context, where all positions move.
            for step in 0..26 {
                let token = generator.next().unwrap();
                let expected = predict(checkpoint, &text).unwrap();
                assert_eq!(
                    bits(generator.log_probabilities()),
                    bits(&expected),
                    "{isa}: token {step} after {length} of {:?}",
                    checkpoint.manifest()
                );
                text += &text_of(checkpoint, &[token]);
            }
        }
    }
}

/// The stream of numbers as PROTOCOL 12 has it: shares of 2³².
fn units(seed: [u8; 32]) -> impl Iterator<Item = f64> {
    let key = Sha256::new_with_prefix("neuron/generate/1").chain_update(seed).finalize();
    let blocks = (0_u64..).map(move |block| Sha256::new_with_prefix(key).chain_update(block.to_be_bytes()).finalize());
    blocks.flat_map(|block| block.as_chunks::<4>().0.to_vec()).map(|word| f64::from(u32::from_be_bytes(word)) / 2.0_f64.powi(32))
}

/// The token that a row gives by the next number, among as many of the likeliest as reach the share, or among all in their order.
fn drawn(row: &[f32], temperature: f32, share: Option<f32>, unit: f64) -> u32 {
    let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut chances: Vec<(u32, f64)> = (0..).zip(row.iter().map(|value| f64::from(exp((value - best) / temperature)))).collect();
    let sum = |chances: &[(u32, f64)]| chances.iter().map(|(_, chance)| chance).sum::<f64>();
    if let Some(share) = share {
        let limit = f64::from(share) * sum(&chances);
        chances.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        let count = (1..chances.len()).find(|count| sum(&chances[..*count]) >= limit);
        chances.truncate(count.unwrap_or(chances.len()));
    }
    let mut left = unit * sum(&chances);
    let passed = chances.iter().find(|(_, chance)| {
        left -= chance;
        left < 0.0
    });
    passed.unwrap().0
}

#[test]
fn tokens_are_drawn_as_the_protocol_says() {
    for (index, checkpoint) in models().iter().enumerate() {
        let seed = [index as u8; 32];
        for (temperature, share) in [(0.8, None), (1.7, None), (1.7, Some(0.9)), (1.0, Some(0.3)), (1.7, Some(0.999_99))] {
            let generator = Compute::detect().generate(checkpoint, "the ", temperature, seed).unwrap();
            let found: Vec<u32> = generator.with_top_p(share.unwrap_or(1.0)).take(30).collect();
            let (mut text, mut expected, mut units) = ("the ".to_owned(), Vec::new(), units(seed));
            for _ in 0..30 {
                let token = drawn(&predict(checkpoint, &text).unwrap(), temperature, share, units.next().unwrap());
                expected.push(token);
                text += &text_of(checkpoint, &[token]);
            }
            assert_eq!(found, expected, "{temperature} and {share:?} of {:?}", checkpoint.manifest());
        }
    }
}

#[test]
fn a_share_of_all_chances_keeps_the_tokens_that_reach_it_and_one_is_everything() {
    for checkpoint in &models()[..3] {
        let run = |top_p: f32, seed| Compute::detect().generate(checkpoint, "abc", 1.0, [seed; 32]).unwrap().with_top_p(top_p);
        let plain: Vec<u32> = Compute::detect().generate(checkpoint, "abc", 1.0, [1; 32]).unwrap().take(30).collect();
        for top_p in [1.0, 1.5, f32::INFINITY] {
            assert_eq!(run(top_p, 1).take(30).collect::<Vec<u32>>(), plain, "{top_p}");
        }
        let likeliest: Vec<u32> = Compute::detect().generate(checkpoint, "abc", 0.0, [1; 32]).unwrap().take(30).collect();
        assert_eq!(run(0.0, 1).take(30).collect::<Vec<u32>>(), likeliest);
        let mut kept = BTreeSet::new();
        for seed in 0..40 {
            let mut generator = run(0.5, seed);
            let token = generator.next().unwrap() as usize;
            let mut chances: Vec<(usize, f64)> =
                generator.log_probabilities().iter().map(|value| f64::from(*value).exp()).enumerate().collect();
            chances.sort_by(|left, right| right.1.total_cmp(&left.1));
            let place = chances.iter().position(|(other, _)| *other == token).unwrap();
            // Before the last token that is kept, the sum is below the share.
            let before: f64 = chances[..place].iter().map(|(_, chance)| chance).sum();
            assert!(before < 0.5, "{token} after a sum of {before}");
            kept.insert(token);
        }
        assert!(kept.len() > 1 && kept.len() < 29, "{kept:?}");
    }
}
