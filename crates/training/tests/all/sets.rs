//! Manifests and training sets of every family, and short ways to run a plan on them.

use evaluator::{Checkpoint, Compute, Examples, Manifest};
use training::{Device, EngineChoice, Plan, Settings, TrainError, Trainer};

const DIGITS: &str = r#"{"version":1,"model":{"family":"mlp","inputs":64,"hidden":[32],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":1024,"weight_max":16}"#;
const GPT: &str = r#"{"version":1,"model":{"family":"gpt","layers":2,"heads":3,"width":24,"context":19,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":7},"loss":"cross_entropy","eval_max":64,"weight_max":16}"#;
const LLAMA: &str = r#"{"version":1,"model":{"family":"llama","layers":2,"heads":4,"key_value_heads":2,"head_size":6,"width":22,"inner":50,"context":19,"vocabulary":256,"epsilon":1000,"rotary_base":10000,"rotary_scaling":{"factor":8,"low":1,"high":4,"original":64},"window":7,"bias":true,"head_norms":true,"tied":false},"data":{"format":"text","tokenizer":"bytes","stride":7},"loss":"cross_entropy","eval_max":64,"weight_max":16}"#;

/// The engines of this program.
pub const ENGINES: &[EngineChoice] =
    if cfg!(feature = "burn") { &[EngineChoice::Exact, EngineChoice::Burn] } else { &[EngineChoice::Exact] };

pub const GENESIS: (&str, &str) = ("genesis.csv", include_str!("../../../../data/digits/genesis.csv"));

pub fn digits() -> Manifest {
    Manifest::from_bytes(DIGITS.as_bytes()).unwrap()
}

pub fn with_hidden(hidden: &str) -> Manifest {
    Manifest::from_bytes(DIGITS.replace("[32]", hidden).as_bytes()).unwrap()
}

/// The same with a price for weights.
pub fn priced(manifest: &Manifest, weight_price: u32) -> Manifest {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    let text = text.strip_suffix('}').unwrap();
    Manifest::from_bytes(format!("{text},\"weight_price\":{weight_price}}}").as_bytes()).unwrap()
}

pub fn genesis(manifest: &Manifest) -> Examples {
    Examples::parse(manifest, [GENESIS]).unwrap()
}

/// A transformer whose sizes fill no register.
pub fn gpt(bias: bool, tied: bool) -> Manifest {
    let text = GPT.replace("\"bias\":true", &format!("\"bias\":{bias}")).replace("\"tied\":true", &format!("\"tied\":{tied}"));
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// The same with the tanh form of GELU.
pub fn gpt_tanh() -> Manifest {
    Manifest::from_bytes(GPT.replace("\"tied\":true", "\"tied\":true,\"activation\":\"gelu_tanh\"").as_bytes()).unwrap()
}

/// The same model with frozen tensors; `patterns` is JSON.
pub fn frozen(manifest: &Manifest, patterns: &str) -> Manifest {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    let text = text.strip_suffix('}').unwrap();
    Manifest::from_bytes(format!("{text},\"frozen\":{patterns}}}").as_bytes()).unwrap()
}

/// A transformer with everything that its family may have.
pub fn llama() -> Manifest {
    Manifest::from_bytes(LLAMA.as_bytes()).unwrap()
}

/// One with nothing that it may lack.
pub fn plain_llama() -> Manifest {
    let bare = [
        (r#","rotary_scaling":{"factor":8,"low":1,"high":4,"original":64},"window":7,"bias":true"#, r#","bias":false"#),
        (r#""head_norms":true,"tied":false"#, r#""head_norms":false,"tied":true"#),
    ];
    let text = bare.into_iter().fold(LLAMA.to_owned(), |text, (piece, other)| text.replace(piece, other));
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// Words that a small model learns within some steps.
pub fn words(manifest: &Manifest) -> Examples {
    let words = ["the ", "cat ", "sat ", "on ", "a ", "mat. "];
    let text: String = (0..120_usize).map(|place| words[place * place % 7 % words.len()]).collect();
    Examples::parse(manifest, [("words.txt", text)]).unwrap()
}

/// A manifest of each family with its set.
pub fn families() -> [(Manifest, Examples); 3] {
    let (digits, gpt, llama) = (digits(), gpt(true, true), llama());
    let sets = (genesis(&digits), words(&gpt), words(&llama));
    [(digits, sets.0), (gpt, sets.1), (llama, sets.2)]
}

pub fn base(manifest: &Manifest) -> Checkpoint {
    Checkpoint::initial(manifest, [5; 32])
}

/// A trainer on the processor.
pub fn trainer<'a>(start: &Checkpoint, examples: &'a Examples, plan: &Plan) -> Result<Trainer<'a>, TrainError> {
    Trainer::new(start, examples, plan, Device::Cpu, Compute::detect())
}

pub fn plan(settings: Settings, seed: u64, steps: u32) -> Plan {
    Plan { settings, seed, steps }
}

/// The checkpoint after all steps of a plan.
pub fn train(start: &Checkpoint, examples: &Examples, plan: &Plan) -> Result<Checkpoint, TrainError> {
    let mut trainer = trainer(start, examples, plan)?;
    (0..plan.steps).try_for_each(|_| trainer.step().map(drop))?;
    trainer.checkpoint()
}
