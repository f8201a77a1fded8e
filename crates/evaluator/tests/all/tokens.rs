//! Sets of shards: against a second implementation, against texts of the same tokens, and while shards come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use evaluator::{
    AdamW, Checkpoint, Cid, Compute, DataError, Exact, Examples, Isa, Manifest, MeasureError, Rule, Shard, ShardBytes, ShardError, draw,
    evaluate, loss_root, mean, micronats, weight_price,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::golden::GPT;
use crate::reference_gpt::{Sizes, log_probabilities};

const MANIFEST: &[u8] = include_bytes!("../golden/tokens/manifest.json");
const FILES: [(&str, &str); 3] = [
    ("b.tokens", include_str!("../golden/tokens/b.tokens")),
    ("readme.md", "not a list"),
    ("a.tokens", include_str!("../golden/tokens/a.tokens")),
];
/// In the order of the set.
const SHARDS: [&[u8]; 3] = [
    include_bytes!("../golden/tokens/three.shard"),
    include_bytes!("../golden/tokens/one.shard"),
    include_bytes!("../golden/tokens/two.shard"),
];
const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    seed: String,
    group: u64,
    round: u64,
    signer: String,
    drawn: Vec<u32>,
    base: Vec<u32>,
    new: Vec<u32>,
    base_mean: u32,
    new_mean: u32,
    loss_root: String,
    probe: String,
    windows: Vec<Vec<u32>>,
    wide_windows: Vec<Vec<u32>>,
    part_seed: String,
    part: Vec<usize>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/tokens/measurement.json")).unwrap()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode_to_array(hex).unwrap()
}

fn manifest() -> Manifest {
    Manifest::from_bytes(MANIFEST).unwrap()
}

fn shared(bytes: &[u8]) -> ShardBytes {
    Arc::new(bytes.to_vec())
}

/// The committed set with all of its shards.
fn held() -> Examples {
    let examples = Examples::parse(&manifest(), FILES).unwrap();
    SHARDS.iter().enumerate().for_each(|(place, bytes)| examples.hold(place, shared(bytes)).unwrap());
    examples
}

fn weights(file: &[u8]) -> Checkpoint {
    Checkpoint::from_bytes(&manifest(), file).unwrap()
}

/// A model of shards: a vocabulary, a context and a stride.
pub fn small(vocabulary: u32, context: u32, stride: u32) -> Manifest {
    let text = format!(
        r#"{{"version":1,"model":{{"family":"gpt","layers":1,"heads":1,"width":8,"context":{context},"vocabulary":{vocabulary},"bias":true,"tied":true}},"data":{{"format":"tokens","tokenizer":"{DIGEST}","stride":{stride}}},"loss":"cross_entropy","eval_max":64,"weight_max":4,"weight_price":1000}}"#
    );
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// Tokens of two bytes each.
fn narrow(tokens: impl IntoIterator<Item = u16>) -> Vec<u8> {
    tokens.into_iter().flat_map(u16::to_le_bytes).collect()
}

/// A line that names a shard in one block.
fn line(bytes: &[u8], width: usize) -> String {
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    format!("{}\n", Shard { cid: Cid::new(true, sha256), tokens: (bytes.len() / width) as u32, sha256 })
}

#[test]
fn a_set_of_shards_is_measured_as_by_the_second_implementation_on_every_instruction_set() {
    let (golden, manifest, examples) = (golden(), manifest(), held());
    let seed = bytes(&golden.seed);
    assert_eq!(manifest.to_bytes(), MANIFEST);
    assert_eq!(draw(seed, golden.group, golden.round, examples.len() as u32, manifest.eval_max()), golden.drawn);
    for compute in Isa::available().flat_map(|isa| [1, 2, 7].map(|threads| Compute::new(isa, threads).unwrap())) {
        let base = compute.evaluate(&weights(GPT.base), &examples, &golden.drawn).unwrap();
        let new = compute.evaluate(&weights(GPT.new), &examples, &golden.drawn).unwrap();
        assert_eq!((&base.losses, base.mean), (&golden.base, golden.base_mean), "{compute:?}");
        assert_eq!((&new.losses, new.mean), (&golden.new, golden.new_mean), "{compute:?}");
        assert_eq!(loss_root(&base.losses, &new.losses), bytes(&golden.loss_root));
        let probe = compute.probe(&weights(GPT.new), &examples, &golden.drawn, seed, bytes(&golden.signer)).unwrap();
        assert_eq!(probe, bytes(&golden.probe), "{compute:?}");
    }
}

#[test]
fn windows_end_within_their_shard_and_a_token_beyond_the_vocabulary_reads_as_the_greatest() {
    let (golden, examples) = (golden(), held());
    let windows: Vec<Vec<u32>> = (0..examples.len()).filter_map(|index| examples.window(index)).collect();
    assert_eq!(windows, golden.windows);
    assert_eq!((examples.window(windows.len()), examples.features(0), examples.label(0)), (None, None, None));

    let manifest = Manifest::from_bytes(include_bytes!("../golden/tokens/wide.json")).unwrap();
    let wide = Examples::parse(&manifest, [("wide.tokens", include_str!("../golden/tokens/wide.tokens"))]).unwrap();
    wide.hold(0, shared(include_bytes!("../golden/tokens/wide.shard"))).unwrap();
    let windows: Vec<Vec<u32>> = (0..wide.len()).filter_map(|index| wide.window(index)).collect();
    assert_eq!(windows, golden.wide_windows, "tokens of four bytes");
}

#[test]
fn a_part_holds_the_shards_that_the_second_implementation_draws_and_prices_weights_as_the_whole() {
    let (golden, examples) = (golden(), held());
    let part = examples.part(bytes(&golden.part_seed), 2);
    let expected: Vec<Shard> = golden.part.iter().map(|place| examples.shards()[*place]).collect();
    assert_eq!(part.shards(), expected);
    // What was held is held.
    let windows: Vec<Vec<u32>> = (0..part.len()).filter_map(|index| part.window(index)).collect();
    assert_eq!(windows, golden.windows[8..]);
    assert_eq!((part.len(), part.whole_len(), examples.whole_len()), (6, 14, 14));
    part.let_go(0);
    assert!(!part.is_held(0) && examples.is_held(1), "a part lets go for itself");
    assert_eq!(examples.part([1; 32], 3), examples);
    assert_eq!(examples.part([1; 32], u32::MAX), examples);
    assert_eq!(examples.part([1; 32], 0).shards().len(), 1, "at least one");
    let other = (0..50).map(|seed| examples.part([seed; 32], 1)).find(|part| part.shards()[0] != examples.shards()[0]);
    assert!(other.is_some(), "another seed, another part");
    assert_eq!(GPT.examples().part([1; 32], 1), GPT.examples(), "a text is whole");

    let manifest = small(300, 4, 4);
    let lists = [narrow(0..50), narrow(50..100)].map(|shard| (line(&shard, 2), shard));
    let priced = Examples::parse(&manifest, [("a.tokens", lists.each_ref().map(|(line, _)| line.as_str()).concat())]).unwrap();
    lists.iter().enumerate().for_each(|(place, (_, shard))| priced.hold(place, shared(shard)).unwrap());
    let model = Checkpoint::initial(&manifest, [1; 32]);
    let price = |examples: &Examples| evaluate(&model, examples, &[0]).unwrap().price;
    assert_eq!(price(&priced), weight_price(&model, priced.len()));
    assert_eq!(price(&priced.part([2; 32], 1)), price(&priced));
}

#[test]
fn a_shard_of_bytes_is_measured_and_trained_on_as_the_text_of_the_same_tokens() {
    let text = crate::gpt::text(60);
    let sizes = Sizes { layers: 1, heads: 2, width: 8, context: 9, vocabulary: 256, bias: true, tied: true };
    let of_text = crate::gpt::manifest(sizes, 5, 4);
    let data = r#"{"format":"text","tokenizer":"bytes","stride":5}"#;
    let of_shards = String::from_utf8(of_text.to_bytes()).unwrap();
    let of_shards = of_shards.replace(data, &format!(r#"{{"format":"tokens","tokenizer":"{DIGEST}","stride":5}}"#));
    let of_shards = Manifest::from_bytes(of_shards.as_bytes()).unwrap();
    let shard = narrow(text.bytes().map(u16::from));
    let tokens = Examples::parse(&of_shards, [("a.tokens", line(&shard, 2))]).unwrap();
    tokens.hold(0, shared(&shard)).unwrap();
    let texts = Examples::parse(&of_text, [("a.txt", &text)]).unwrap();
    let all: Vec<u32> = (0..texts.len() as u32).collect();
    assert_eq!(tokens.len(), texts.len());
    let model = |manifest| crate::gpt::checkpoint(manifest, 1.0);
    assert_eq!(evaluate(&model(&of_shards), &tokens, &all), evaluate(&model(&of_text), &texts, &all));
    let trained = |manifest, examples| {
        let mut exact = Exact::new(Compute::detect(), &model(manifest)).unwrap();
        (0..3).for_each(|_| _ = exact.step(examples, &all, &Rule::AdamW(AdamW::default())).unwrap());
        exact.checkpoint().unwrap().to_bytes()
    };
    assert_eq!(trained(&of_shards, &tokens), trained(&of_text, &texts));

    let compute = Compute::detect();
    let (of_tokens, of_words) = (model(&of_shards), model(&of_text));
    let seen: Vec<u32> = text[..20].bytes().map(u32::from).collect();
    let row = compute.predict_tokens(&of_tokens, &seen).unwrap();
    assert_eq!((Ok(&row), Ok(&row)), (compute.predict(&of_words, &text[..20]).as_ref(), compute.predict_tokens(&of_words, &seen).as_ref()));
    let next: Vec<u32> = compute.generate_tokens(&of_tokens, &seen, 0.7, [3; 32]).unwrap().take(12).collect();
    assert_eq!(next, compute.generate(&of_words, &text[..20], 0.7, [3; 32]).unwrap().take(12).collect::<Vec<u32>>());
    assert_eq!(compute.predict(&of_tokens, "a"), Err(DataError::NoTokenizer));
    assert!(matches!(compute.generate(&of_tokens, "a", 0.0, [0; 32]), Err(DataError::NoTokenizer)));
    assert_eq!(compute.predict_tokens(&of_tokens, &[]), Err(DataError::NoToken));
    assert_eq!(compute.predict_tokens(&of_tokens, &[1, 256]), Err(DataError::Token { place: 1, token: 256, most: 255 }));
    let rows = crate::golden::MLP;
    assert_eq!(compute.predict_tokens(&rows.checkpoint(rows.base), &[1]), Err(DataError::NoTokens));
}

#[test]
fn an_example_whose_shard_is_not_here_is_named_and_never_guessed() {
    let (manifest, model) = (manifest(), weights(GPT.base));
    let examples = Examples::parse(&manifest, FILES).unwrap();
    let lacking = |shard: usize| MeasureError::NotHeld { shard, cid: examples.shards()[shard].cid };
    assert_eq!((examples.len(), examples.shards().len(), examples.is_held(0)), (14, 3, false));
    assert_eq!(evaluate(&model, &examples, &[13]), Err(lacking(2)));
    assert_eq!(evaluate(&model, &examples, &[14]), Err(MeasureError::NoSuchExample(14)));
    assert!(evaluate(&model, &examples, &[]).is_ok(), "nothing is needed for nothing");
    let told = lacking(2).to_string();
    assert!(told.contains(&examples.shards()[2].cid.to_string()) && told.contains("fetch it"), "{told}");

    // Windows 0 to 7, 8 to 12, and 13.
    assert_eq!(examples.shards_of(&[13, 0, 7, 8, 0, 99]), [0, 1, 2]);
    assert_eq!(examples.shards_of(&[12, 8]), [1]);
    assert_eq!(GPT.examples().shards_of(&[0]), [0; 0]);
    let clone = examples.clone();
    clone.hold(1, shared(SHARDS[1])).unwrap();
    assert!(examples.is_held(1), "clones share what is held");
    assert!(evaluate(&model, &examples, &[8, 12, 10]).is_ok());
    assert_eq!(evaluate(&model, &examples, &[8, 7]), Err(lacking(0)));
    let mut exact = Exact::new(Compute::detect(), &model).unwrap();
    let rule = Rule::AdamW(AdamW::default());
    assert_eq!(exact.step(&examples, &[9, 13], &rule), Err(lacking(2)));
    assert!(exact.step(&examples, &[9, 8], &rule).is_ok());
    examples.let_go(1);
    assert_eq!(exact.step(&examples, &[9, 8], &rule), Err(lacking(1)));
    assert_eq!(examples.window(8), None);
    [3, usize::MAX].iter().for_each(|beyond| examples.let_go(*beyond));
    assert_eq!(evaluate(&GPT.checkpoint(GPT.base), &examples, &[0]), Err(MeasureError::OtherManifest));
}

#[test]
fn other_bytes_than_a_line_names_are_refused() {
    let examples = Examples::parse(&manifest(), FILES).unwrap();
    let (found, expected) = (SHARDS[1].len(), SHARDS[0].len());
    assert_eq!(examples.hold(0, shared(SHARDS[1])), Err(ShardError::Length { found, expected }));
    assert_eq!(examples.hold(0, shared(&[])), Err(ShardError::Length { found: 0, expected }));
    let mut other = SHARDS[0].to_vec();
    other[7] ^= 1;
    assert_eq!(examples.hold(0, shared(&other)), Err(ShardError::Digest));
    assert_eq!(examples.hold(3, shared(SHARDS[0])), Err(ShardError::NoSuchShard(3)));
    assert_eq!(GPT.examples().hold(0, shared(SHARDS[0])), Err(ShardError::NoSuchShard(0)));
    assert!((0..3).all(|place| !examples.is_held(place)));
    assert_eq!([0, 1, 2, 3].map(|place| examples.shard_len(place)), [Some(122), Some(80), Some(24), None]);
    assert_eq!(GPT.examples().shard_len(0), None);
    assert_eq!(examples.hold(0, shared(SHARDS[0])), Ok(()));
}

/// Bytes that get lost once they were checked, as no file should.
struct Shrinking(Vec<u8>, AtomicBool);

impl AsRef<[u8]> for Shrinking {
    fn as_ref(&self) -> &[u8] {
        if self.1.swap(true, Ordering::Relaxed) { &self.0[..3] } else { &self.0 }
    }
}

#[test]
fn bytes_that_shrink_after_they_were_checked_end_a_measurement_and_nothing_else() {
    let examples = Examples::parse(&manifest(), FILES).unwrap();
    examples.hold(0, Arc::new(Shrinking(SHARDS[0].to_vec(), AtomicBool::new(false)))).unwrap();
    assert!(evaluate(&weights(GPT.base), &examples, &[0]).is_err());
}

#[test]
fn a_set_after_a_delta_takes_over_what_the_one_before_it_held_and_knows_what_is_new() {
    let (manifest, before) = (manifest(), held());
    before.let_go(2);
    let shard = narrow(0..24);
    let after = Examples::parse(&manifest, [FILES[0], ("c.tokens", &line(&shard, 2)), FILES[2]]).unwrap();
    assert!(!after.is_held(0));
    after.hold_from(&before);
    assert_eq!([0, 1, 2, 3].map(|place| after.is_held(place)), [true, true, false, false]);
    after.hold_from(&after);
    assert_eq!(after.new_since(&before), [14, 15]);
    assert_eq!(before.new_since(&after), [0; 0]);
    assert_eq!((after.some_new_since(&before, 9), before.some_new_since(&after, 9)), ((2, vec![14, 15]), (0, vec![])));
    let none = Examples::parse(&manifest, [("z.tokens", line(&narrow(7..90), 2))]).unwrap();
    let (count, mut some) = after.some_new_since(&none, 16);
    some.sort_unstable();
    assert_eq!((count, some), (16, (0..16).collect()), "in whichever shard they lie");
    let (count, some) = after.some_new_since(&none, 5);
    assert_eq!((count, &some), (16, &draw([0; 32], 0, 0, 16, 5)));
    let (text, other) = (GPT.examples(), Examples::parse(&GPT.manifest(), [("a.txt", "a".repeat(30))]).unwrap());
    let (new, expected) = (text.new_since(&other), text.some_new_since(&other, u32::MAX));
    assert_eq!((new.len(), new), expected);
    assert_ne!(after, before);
    // A text and shards have nothing in common, and neither have tokens of two widths.
    assert_eq!(GPT.examples().new_since(&before).len(), GPT.examples().len());
    after.hold_from(&GPT.examples());
    let wide = Manifest::from_bytes(include_bytes!("../golden/tokens/wide.json")).unwrap();
    let wide = Examples::parse(&wide, FILES).unwrap();
    wide.hold_from(&before);
    assert!((0..3).all(|place| !wide.is_held(place)));
}

#[test]
fn the_mean_loss_of_a_vocabulary_of_one_is_nothing() {
    let manifest = small(1, 1, 1);
    let shard = narrow([0, 7]);
    let examples = Examples::parse(&manifest, [("a.tokens", line(&shard, 2))]).unwrap();
    examples.hold(0, shared(&shard)).unwrap();
    assert_eq!(mean(&evaluate(&Checkpoint::initial(&manifest, [0; 32]), &examples, &[0]).unwrap().losses), 0);
}

#[test]
fn vocabularies_of_tens_of_thousands_are_measured_as_the_reference_does_and_trained_alike_everywhere() {
    for (vocabulary, width) in [(50_257, 2), (70_001, 4)] {
        let manifest = small(vocabulary, 4, 3);
        let tokens: Vec<u32> = (0..14_u32).map(|place| (place * 48_611 + 7) % vocabulary).chain([vocabulary - 1]).collect();
        let shard: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()[..width].to_vec()).collect();
        let examples = Examples::parse(&manifest, [("a.tokens", line(&shard, width))]).unwrap();
        examples.hold(0, shared(&shard)).unwrap();
        let all: Vec<u32> = (0..examples.len() as u32).collect();
        assert_eq!(all.len(), 4);
        let model = crate::gpt::checkpoint(&manifest, 1.0);
        let (layers, heads, context) = (1, 1, 4);
        let sizes = Sizes { layers, heads, width: 8, context, vocabulary: vocabulary as usize, bias: true, tied: true };
        let loss = |window: &[u32]| {
            let rows = log_probabilities(&model.to_bytes(), sizes, &window[..4]);
            mean(&rows.iter().zip(&window[1..]).map(|(row, target)| micronats(-row[*target as usize])).collect::<Vec<u32>>())
        };
        let expected: Vec<u32> = (0..4).map(|index| loss(&tokens[3 * index..][..5])).collect();
        let trained = |compute| {
            let mut exact = Exact::new(compute, &model).unwrap();
            exact.step(&examples, &all, &Rule::AdamW(AdamW::default())).unwrap();
            exact.checkpoint().unwrap().to_bytes()
        };
        let first = trained(Compute::new(Isa::Portable, 1).unwrap());
        for compute in Isa::available().map(|isa| Compute::new(isa, 3).unwrap()) {
            assert_eq!(compute.evaluate(&model, &examples, &all).unwrap().losses, expected, "{vocabulary} with {compute:?}");
            assert!(trained(compute) == first, "{vocabulary} with {compute:?}");
        }
    }
}
