//! Frozen tensors: which patterns are taken, which tensors they stand for, that a file which changes one is found, and that exact
//! training leaves them alone and all others as a slow plain run has them.

use evaluator::{
    AdamW, Checkpoint, CheckpointError, Compute, Exact, Examples, Isa, Manifest, ManifestError, Rule, Sgd, checkpoint_len, price_slope,
    weight_price,
};
use proptest::prelude::*;

use crate::golden::{FAMILIES, GPT, LLAMA, MLP};
use crate::measurement::priced;
use crate::reference::reduce;
use crate::{gpt, llama};

/// A manifest with this behind its last key.
fn read(manifest: &Manifest, keys: &str) -> Result<Manifest, ManifestError> {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    Manifest::from_bytes(format!("{}{keys}}}", text.strip_suffix('}').unwrap()).as_bytes())
}

/// The same model with frozen tensors.
fn frozen(manifest: &Manifest, patterns: &[&str]) -> Manifest {
    read(manifest, &format!(",\"frozen\":{patterns:?}").replace(", ", ",")).unwrap()
}

fn frozen_names(manifest: &Manifest) -> Vec<String> {
    manifest.tensors().into_iter().filter(|spec| spec.is_frozen).map(|spec| spec.name).collect()
}

#[test]
fn a_pattern_stands_for_a_whole_name_or_for_all_with_its_beginning() {
    let cases: [(&Manifest, &[&str], &[&str]); 6] = [
        (&MLP.manifest(), &["layers.1.weight"], &["layers.1.weight"]),
        (&MLP.manifest(), &["layers.0.*", "layers.2.b*"], &["layers.0.weight", "layers.0.bias", "layers.2.bias"]),
        (&MLP.manifest(), &["layers.0.*", "layers.0.bias"], &["layers.0.weight", "layers.0.bias"]),
        (&GPT.manifest(), &["lm_head.weight*", "transformer.w*"], &["transformer.wte.weight", "transformer.wpe.weight", "lm_head.weight"]),
        (
            &LLAMA.manifest(),
            &["model.layers.1.self_attn.q*", "model.norm.weight"],
            &[
                "model.layers.1.self_attn.q_proj.weight",
                "model.layers.1.self_attn.q_proj.bias",
                "model.layers.1.self_attn.q_norm.weight",
                "model.norm.weight",
            ],
        ),
        (&LLAMA.manifest(), &["model.embed_tokens.weight"], &["model.embed_tokens.weight"]),
    ];
    for (plain, patterns, names) in cases {
        let manifest = frozen(plain, patterns);
        assert_eq!(frozen_names(&manifest), names);
        assert_eq!(manifest.frozen(), patterns);
        assert_eq!(Manifest::from_bytes(&manifest.to_bytes()), Ok(manifest.clone()), "its bytes are canonical");
        assert_eq!(checkpoint_len(&manifest), checkpoint_len(plain), "a file is the same");
        assert!(frozen_names(plain).is_empty() && plain.frozen().is_empty());
    }
    let layers = frozen(&priced(&GPT.manifest(), 7), &["transformer.h.*"]);
    assert_eq!((frozen_names(&layers).len(), layers.tensors().len(), layers.weight_price()), (24, 29, Some(7)));
}

#[test]
fn patterns_that_are_no_order_or_stand_for_nothing_or_for_everything_are_refused() {
    let cases = [
        (r#"["layers.1.bias","layers.0.bias"]"#, ManifestError::FrozenOrder),
        (r#"["layers.0.bias","layers.0.bias"]"#, ManifestError::FrozenOrder),
        (r#"["layers.0.weight","layers.0.*"]"#, ManifestError::FrozenOrder),
        (r#"["layers.0.*","layers.3.bias"]"#, ManifestError::FrozenNothing(2)),
        (r#"[""]"#, ManifestError::FrozenNothing(1)),
        (r#"["layers.0"]"#, ManifestError::FrozenNothing(1)),
        (r#"["layers.0.weight "]"#, ManifestError::FrozenNothing(1)),
        (r#"["LAYERS.*"]"#, ManifestError::FrozenNothing(1)),
        (r#"["layers.*.bias"]"#, ManifestError::FrozenNothing(1)),
        (r#"["layers.**"]"#, ManifestError::FrozenNothing(1)),
        (r#"["*"]"#, ManifestError::FrozenAll),
        (r#"["layers.*"]"#, ManifestError::FrozenAll),
        (r#"["layers.0.*","layers.1.*","layers.2.*"]"#, ManifestError::FrozenAll),
    ];
    for (patterns, expected) in cases {
        assert_eq!(read(&MLP.manifest(), &format!(",\"frozen\":{patterns}")), Err(expected), "{patterns}");
    }
    for keys in [",\"frozen\":[]", ",\"frozen\":[ \"layers.0.bias\"]", ",\"frozen\":[\"layers.0.bia\\u0073\"]"] {
        assert!(matches!(read(&MLP.manifest(), keys), Err(ManifestError::NotCanonical(_))), "{keys}");
    }
    for keys in ["null", "\"layers.0.bias\"", "[0]", "[null]", "{}", "[\"layers.0.bias\"],\"frozen\":[\"layers.0.bias\"]"] {
        assert!(matches!(read(&MLP.manifest(), &format!(",\"frozen\":{keys}")), Err(ManifestError::Unreadable(_))), "{keys}");
    }
    let early = read(&MLP.manifest(), ",\"frozen\":[\"layers.0.bias\"],\"certainty\":100");
    assert!(matches!(early, Err(ManifestError::NotCanonical(_))), "{early:?}");
}

#[test]
fn a_file_that_changes_one_bit_of_a_frozen_tensor_is_told_by_its_name_and_any_other_is_not() {
    for (family, patterns) in [(MLP, ["layers.0.*"]), (GPT, ["transformer.h.0.*"]), (LLAMA, ["model.layers.1.self_attn.*"])] {
        let manifest = frozen(&family.manifest(), &patterns);
        let base = Checkpoint::from_bytes(&manifest, family.base).unwrap();
        assert_eq!(base.keeps_frozen(&base), Ok(()));
        for (index, spec) in manifest.tensors().into_iter().enumerate() {
            for place in [0, spec.elements() as usize - 1] {
                let mut tensors = base.tensors().to_vec();
                tensors[index][place] = f32::from_bits(tensors[index][place].to_bits() ^ 1);
                let changed = Checkpoint::from_tensors(&manifest, tensors.clone()).unwrap();
                let expected = if spec.is_frozen { Err(CheckpointError::Frozen(spec.name.clone())) } else { Ok(()) };
                assert_eq!(changed.keeps_frozen(&base), expected, "{} at {place}", spec.name);
                let free = Checkpoint::from_tensors(&family.manifest(), tensors).unwrap();
                assert_eq!(free.keeps_frozen(&family.checkpoint(family.base)), Ok(()), "nothing is frozen there");
            }
        }
        // A base of another group has none of these tensors.
        let other = if family.base == MLP.base { GPT } else { MLP };
        let missing = base.keeps_frozen(&other.checkpoint(other.base));
        assert!(matches!(missing, Err(CheckpointError::Frozen(_))), "{missing:?}");
    }
}

#[test]
fn zeros_of_two_signs_differ_and_the_first_changed_tensor_is_told() {
    let manifest = frozen(&GPT.manifest(), &["transformer.h.0.*"]);
    let base = Checkpoint::from_bytes(&manifest, GPT.base).unwrap();
    let mut tensors = base.tensors().to_vec();
    let biases: Vec<usize> = (0..tensors.len()).filter(|index| tensors[*index].iter().all(|value| *value == 0.0)).collect();
    biases.iter().for_each(|index| tensors[*index][2] = -0.0);
    let changed = Checkpoint::from_tensors(&manifest, tensors).unwrap();
    assert_eq!(changed.keeps_frozen(&base), Err(CheckpointError::Frozen("transformer.h.0.ln_1.bias".into())));
    let told = changed.keeps_frozen(&base).unwrap_err().to_string();
    assert_eq!(told, "tensor transformer.h.0.ln_1.bias is frozen and differs from the base's: leave it as it is there");
}

#[test]
fn frozen_weights_cost_what_they_cost_elsewhere() {
    for family in FAMILIES {
        let plain = priced(&family.manifest(), 500_000);
        let first = plain.tensors()[0].name.clone();
        let of = |manifest: &Manifest| weight_price(&Checkpoint::from_bytes(manifest, family.new).unwrap(), 20);
        assert!(of(&plain) > 0);
        assert_eq!(of(&frozen(&plain, &[&first])), of(&plain), "{first}");
    }
}

/// Models with frozen tensors so that gradients have to go back to every depth.
fn cases() -> Vec<(Manifest, Examples, Vec<&'static [&'static str]>)> {
    let (odd, long) = (llama::manifest(&llama::full(), 29, 4), gpt::text(300));
    let odd_examples = Examples::parse(&odd, [("a.txt", long)]).unwrap();
    let tied = Manifest::from_bytes(
        &String::from_utf8(GPT.manifest().to_bytes()).unwrap().replace("\"tied\":false", "\"tied\":true").into_bytes(),
    );
    let bare = Manifest::from_bytes(
        &String::from_utf8(GPT.manifest().to_bytes()).unwrap().replace("\"bias\":true", "\"bias\":false").into_bytes(),
    );
    let gpt: Vec<&[&str]> = vec![
        &["transformer.wte.weight"],
        &["transformer.h.0.*", "transformer.w*"],
        &["transformer.h.0.*", "transformer.h.1.a*", "transformer.h.1.ln_1.*", "transformer.w*"],
        &["transformer.h.1.*"],
        &["transformer.h.*", "transformer.w*"],
    ];
    let mut head = gpt.clone();
    head.extend([&["transformer.*"][..], &["lm_head.weight"], &["lm_head.weight", "transformer.h.*", "transformer.w*"]]);
    let llama: Vec<&[&str]> = vec![
        &["model.embed_tokens.weight"],
        &["model.embed_tokens.weight", "model.layers.0.*"],
        &["model.layers.1.mlp.*"],
        &["model.embed_tokens.weight", "model.layers.*"],
        &["model.*"],
        &["lm_head.weight", "model.embed_tokens.weight", "model.layers.*"],
    ];
    vec![
        (
            MLP.manifest(),
            MLP.examples(),
            vec![&["layers.0.*"], &["layers.0.*", "layers.1.*"], &["layers.1.weight"], &["layers.0.*", "layers.1.*", "layers.2.w*"]],
        ),
        (priced(&MLP.manifest(), 500_000), MLP.examples(), vec![&["layers.0.*"]]),
        (GPT.manifest(), GPT.examples(), head.clone()),
        (gpt::tanh(&bare.unwrap()), GPT.examples(), head),
        (priced(&tied.unwrap(), 500_000), GPT.examples(), gpt),
        (LLAMA.manifest(), LLAMA.examples(), llama.clone()),
        (odd, odd_examples, llama),
    ]
}

#[test]
fn trained_tensors_have_the_gradients_that_they_have_where_nothing_is_frozen() {
    for (plain, examples, patterns) in cases() {
        let base = gpt::checkpoint(&plain, 1.0);
        let gradients = |manifest: &Manifest, compute: Compute| {
            let base = Checkpoint::from_tensors(manifest, base.tensors().to_vec()).unwrap();
            let mut exact = Exact::new(compute, &base).unwrap();
            // What an earlier batch left must not be seen.
            exact.backward(&examples, &[1]).unwrap();
            let loss = exact.backward(&examples, &[0, 2, 1]).unwrap();
            (loss, exact.gradients().to_vec())
        };
        let (loss, full) = gradients(&plain, Compute::detect());
        for patterns in patterns {
            let manifest = frozen(&plain, patterns);
            for compute in Isa::available().flat_map(|isa| [1, 3].map(|threads| Compute::new(isa, threads).unwrap())) {
                let (found_loss, found) = gradients(&manifest, compute);
                assert_eq!(found_loss, loss, "{patterns:?}");
                for ((spec, found), full) in manifest.tensors().iter().zip(&found).zip(&full) {
                    let expected = if spec.is_frozen { vec![0; full.len()] } else { bits(full) };
                    assert!(bits(found) == expected, "{} with {patterns:?} and {compute:?}", spec.name);
                }
            }
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Weights and means of a run that takes its gradients from a model without frozen tensors and steps by plain loops.
struct Plain {
    manifest: Manifest,
    is_trained: Vec<bool>,
    tensors: Vec<Vec<f32>>,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    powers: (f64, f64),
}

impl Plain {
    fn step(&mut self, examples: &Examples, batch: &[u32], rule: &Rule) {
        let checkpoint = Checkpoint::from_tensors(&self.manifest, self.tensors.clone()).unwrap();
        let mut exact = Exact::new(Compute::new(Isa::Portable, 1).unwrap(), &checkpoint).unwrap();
        exact.backward(examples, batch).unwrap();
        let gradients = exact.gradients();
        let trained: Vec<usize> = (0..gradients.len()).filter(|index| self.is_trained[*index]).collect();
        let (Rule::AdamW(AdamW { clip, .. }) | Rule::Sgd(Sgd { clip, .. })) = *rule;
        let squares = |values: &[f32]| reduce(values, 0.0, |sum, value| value.mul_add(value, sum), |a, b| a + b);
        let norm = trained.iter().fold(0.0, |sum, index| sum + squares(&gradients[*index])).sqrt();
        let scale = clip.map_or(1.0, |clip| if norm > clip { clip / norm } else { 1.0 });
        if let Rule::AdamW(adam) = rule {
            self.powers = (self.powers.0 * f64::from(adam.beta_1), self.powers.1 * f64::from(adam.beta_2));
        }
        for index in trained {
            let is_matrix = self.manifest.tensors()[index].shape.len() > 1;
            for (place, gradient) in gradients[index].iter().enumerate() {
                self.value(rule, index, place, (gradient * scale, is_matrix));
            }
        }
    }

    fn value(&mut self, rule: &Rule, index: usize, place: usize, (gradient, is_matrix): (f32, bool)) {
        let weight = &mut self.tensors[index][place];
        let decayed = |decay: f32| *weight - *weight * if is_matrix { decay } else { 0.0 };
        *weight = match rule {
            Rule::Sgd(sgd) => decayed(sgd.learning_rate * sgd.weight_decay) - gradient * sgd.learning_rate,
            Rule::AdamW(adam) => {
                let (first, second) = (&mut self.first[index][place], &mut self.second[index][place]);
                *first = adam.beta_1 * *first + (1.0 - adam.beta_1) * gradient;
                *second = adam.beta_2 * *second + (1.0 - adam.beta_2) * gradient * gradient;
                let root = (*second / (1.0 - self.powers.1) as f32).sqrt() + adam.epsilon;
                decayed(adam.learning_rate * adam.weight_decay) - *first / (1.0 - self.powers.0) as f32 / root * adam.learning_rate
            }
        };
    }
}

#[test]
fn exact_training_keeps_the_bits_of_frozen_tensors_and_gives_all_others_those_of_a_slow_plain_run() {
    for (plain, examples, patterns) in cases() {
        let start = gpt::checkpoint(&plain, 0.9);
        for patterns in patterns {
            let manifest = frozen(&plain, patterns);
            let base = Checkpoint::from_tensors(&manifest, start.tensors().to_vec()).unwrap();
            let zeros: Vec<Vec<f32>> = base.tensors().iter().map(|values| vec![0.0; values.len()]).collect();
            let is_trained = manifest.tensors().iter().map(|spec| !spec.is_frozen).collect();
            let (tensors, first, second) = (base.tensors().to_vec(), zeros.clone(), zeros);
            let mut slow = Plain { manifest: plain.clone(), is_trained, tensors, first, second, powers: (1.0, 1.0) };
            let mut exact = Exact::new(Compute::detect(), &base).unwrap();
            for step in 0..4_u32 {
                let clip = step.is_multiple_of(2).then_some(0.1);
                let rule = match step % 3 {
                    2 => Rule::Sgd(Sgd { learning_rate: 0.01, weight_decay: 0.1, clip }),
                    _ => Rule::AdamW(AdamW { learning_rate: 0.01, clip, ..AdamW::default() }),
                };
                let batch = [step, step + 1, 0];
                slow.step(&examples, &batch, &rule);
                exact.step(&examples, &batch, &rule).unwrap();
            }
            let found = exact.snapshot();
            for (index, spec) in manifest.tensors().iter().enumerate() {
                let same = [(&found.tensors, &slow.tensors), (&found.first, &slow.first), (&found.second, &slow.second)];
                let same = same.map(|(found, slow)| bits(&found[index]) == bits(&slow[index]));
                assert_eq!(same, [true; 3], "{} with {patterns:?}", spec.name);
                let is_kept = bits(&found.tensors[index]) == bits(&base.tensors()[index]);
                assert_eq!(is_kept, spec.is_frozen, "{} with {patterns:?}", spec.name);
            }
            assert_eq!(exact.checkpoint().unwrap().keeps_frozen(&base), Ok(()));
        }
    }
}

#[test]
fn a_frozen_embedding_that_is_the_head_too_still_pulls_at_what_is_before_it() {
    let text = String::from_utf8(GPT.manifest().to_bytes()).unwrap().replace("\"tied\":false", "\"tied\":true");
    let manifest = frozen(&Manifest::from_bytes(text.as_bytes()).unwrap(), &["transformer.wte.weight"]);
    let mut exact = Exact::new(Compute::detect(), &gpt::checkpoint(&manifest, 1.0)).unwrap();
    exact.backward(&GPT.examples(), &[0]).unwrap();
    let names = manifest.tensors().into_iter().map(|spec| spec.name);
    let silent: Vec<String> =
        names.zip(exact.gradients()).filter(|(_, values)| values.iter().all(|value| *value == 0.0)).map(|(name, _)| name).collect();
    assert_eq!(silent, ["transformer.wte.weight"]);
    assert_eq!(price_slope(&manifest, 3), None);
}

proptest! {
    #[test]
    fn patterns_are_taken_only_if_they_ascend_and_each_stands_for_a_tensor_but_not_all_do(
        patterns in proptest::collection::vec("(layers\\.[0-3]?\\.?(weight|bias|b|)\\*?|\\*|[a-z.]{0,3})", 1..5),
    ) {
        let plain = MLP.manifest();
        let names: Vec<String> = plain.tensors().into_iter().map(|spec| spec.name).collect();
        let stands = |pattern: &String, name: &String| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => pattern == name,
        };
        let ascend = patterns.windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes());
        let used = patterns.iter().all(|pattern| names.iter().any(|name| stands(pattern, name)));
        let expected: Vec<String> = names.iter().filter(|name| patterns.iter().any(|pattern| stands(pattern, name))).cloned().collect();
        let keys = format!(",\"frozen\":{patterns:?}").replace(", ", ",");
        match read(&plain, &keys) {
            Ok(manifest) => {
                prop_assert!(ascend && used && expected.len() < names.len());
                prop_assert_eq!(frozen_names(&manifest), expected);
            }
            Err(ManifestError::FrozenOrder) => prop_assert!(!ascend),
            Err(ManifestError::FrozenNothing(place)) => prop_assert!(!names.iter().any(|name| stands(&patterns[place - 1], name))),
            Err(ManifestError::FrozenAll) => prop_assert_eq!(expected.len(), names.len()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
