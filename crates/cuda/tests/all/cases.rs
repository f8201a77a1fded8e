//! Models and sets of all families: the evaluator's golden files, and sizes that fill no tile and no half warp.

use evaluator::{Checkpoint, Examples, Manifest};

/// What a test measures or trains.
pub struct Case {
    pub name: &'static str,
    pub manifest: Manifest,
    pub examples: Examples,
}

impl Case {
    pub fn new(name: &'static str, manifest: &str, files: &[(&str, &str)]) -> Self {
        let manifest = Manifest::from_bytes(manifest.as_bytes()).unwrap();
        let examples = Examples::parse(&manifest, files.iter().copied()).unwrap();
        Self { name, manifest, examples }
    }

    pub fn all(&self) -> Vec<u32> {
        (0..self.examples.len() as u32).collect()
    }

    /// First weights that were moved, so that norms and biases count.
    pub fn checkpoint(&self) -> Checkpoint {
        self.scaled(1.0)
    }

    /// The same, each times a factor.
    pub fn scaled(&self, factor: f32) -> Checkpoint {
        let initial = Checkpoint::initial(&self.manifest, [3; 32]);
        let moved = |(index, value): (usize, &f32)| (value + ((index * 37) % 101) as f32 / 500.0 - 0.1) * factor;
        let tensors = initial.tensors().iter().map(|values| values.iter().enumerate().map(moved).collect());
        Checkpoint::from_tensors(&self.manifest, tensors.collect()).unwrap()
    }
}

/// The files of one family that second implementations made.
pub struct Golden {
    pub case: Case,
    pub base: &'static [u8],
    pub new: &'static [u8],
    pub measurement: &'static str,
}

macro_rules! golden {
    ($name:literal, $folder:literal, $ending:literal) => {
        golden!($name, $folder, $folder, $ending)
    };
    ($name:literal, $folder:literal, $set:literal, $ending:literal) => {
        Golden {
            case: Case::new(
                $name,
                include_str!(concat!("../../../evaluator/tests/golden/", $folder, "manifest.json")),
                &[
                    ("a", include_str!(concat!("../../../evaluator/tests/golden/", $set, "a", $ending))),
                    ("b", include_str!(concat!("../../../evaluator/tests/golden/", $set, "b", $ending))),
                ]
                .map(|(name, text)| (if name == "a" { concat!("a", $ending) } else { concat!("b", $ending) }, text)),
            ),
            base: include_bytes!(concat!("../../../evaluator/tests/golden/", $folder, "base.safetensors")),
            new: include_bytes!(concat!("../../../evaluator/tests/golden/", $folder, "new.safetensors")),
            measurement: include_str!(concat!("../../../evaluator/tests/golden/", $folder, "measurement.json")),
        }
    };
}

/// Of each family, and of what a family may be: GPT-2's GELU, and files of bfloat16.
pub fn golden() -> [Golden; 6] {
    [
        golden!("golden mlp", "", ".csv"),
        golden!("golden gpt", "gpt/", ".txt"),
        golden!("golden llama", "llama/", ".txt"),
        golden!("golden gpt, tanh", "gpt-tanh/", ".txt"),
        golden!("golden gpt, bf16", "gpt/bf16/", "gpt/", ".txt"),
        golden!("golden llama, bf16", "llama/bf16/", "llama/", ".txt"),
    ]
}

/// A text of small letters that looks random.
fn text(length: usize) -> String {
    let letter = |index: usize| b"etaoin shrdlu\n"[(index.wrapping_mul(2_654_435_761) >> 9) % 14] as char;
    (0..length).map(letter).collect()
}

/// Rows of seventeen features and one of five classes.
fn table(rows: usize) -> String {
    let value = |index: usize| ((index.wrapping_mul(2_654_435_761) >> 7) % 41).to_string();
    let row = |row: usize| {
        let mut values: Vec<String> = (0..17).map(|column| value(row * 17 + column)).collect();
        values.push((row * 7 % 5).to_string());
        values.join(",") + "\n"
    };
    (0..rows).map(row).collect()
}

const DATA: &str = r#""data":{"format":"text","tokenizer":"bytes","stride":29},"loss":"cross_entropy","eval_max":64,"weight_max":4"#;

/// A `gpt` of such sizes, and what its manifest says behind the data.
fn gpt(name: &'static str, sizes: &str, price: &str, examples: usize, context: usize) -> Case {
    let manifest = format!(r#"{{"version":1,"model":{{"family":"gpt",{sizes}}},{DATA}{price}}}"#);
    Case::new(name, &manifest, &[("a.txt", &text((examples - 1) * 29 + context + 1))])
}

fn llama(name: &'static str, sizes: &str, examples: usize, context: usize) -> Case {
    let manifest = format!(r#"{{"version":1,"model":{{"family":"llama",{sizes}}},{DATA}}}"#);
    Case::new(name, &manifest, &[("a.txt", &text((examples - 1) * 29 + context + 1))])
}

/// All families with all that they may have.
pub fn odd() -> Vec<Case> {
    let mlp = r#"{"version":1,"model":{"family":"mlp","inputs":17,"hidden":[150,33],"outputs":5,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":1024,"weight_max":4}"#;
    let softmax = r#"{"version":1,"model":{"family":"mlp","inputs":17,"hidden":[],"outputs":5,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":1024,"weight_max":4,"weight_price":500000}"#;
    vec![
        Case::new("two hidden layers", mlp, &[("a.csv", &table(131))]),
        Case::new("no hidden layer, a price", softmax, &[("a.csv", &table(20))]),
        gpt("tied, biases", r#""layers":2,"heads":3,"width":51,"context":37,"vocabulary":256,"bias":true,"tied":true"#, "", 4, 37),
        gpt(
            "untied, a price",
            r#""layers":1,"heads":2,"width":34,"context":19,"vocabulary":256,"bias":false,"tied":false"#,
            r#","weight_price":500000"#,
            3,
            19,
        ),
        gpt(
            "tanh",
            r#""layers":1,"heads":2,"width":38,"context":23,"vocabulary":256,"bias":true,"tied":true,"activation":"gelu_tanh""#,
            "",
            3,
            23,
        ),
        gpt("one value", r#""layers":1,"heads":1,"width":1,"context":1,"vocabulary":256,"bias":true,"tied":true"#, "", 5, 1),
        llama(
            "groups of heads, norms of heads, a window",
            r#""layers":2,"heads":6,"key_value_heads":2,"head_size":18,"width":51,"inner":70,"context":37,"vocabulary":256,"epsilon":1000,"rotary_base":500,"rotary_scaling":{"factor":4,"low":1,"high":3,"original":32},"window":21,"bias":true,"head_norms":true,"tied":false"#,
            4,
            37,
        ),
        llama(
            "one head of keys, tied",
            r#""layers":1,"heads":2,"key_value_heads":1,"head_size":8,"width":16,"inner":24,"context":33,"vocabulary":256,"epsilon":1000,"rotary_base":10000,"bias":false,"head_norms":false,"tied":true"#,
            3,
            33,
        ),
    ]
}

/// The same models and sets with what some patterns stand for frozen: from the first tensors on, in the middle, and all but a few.
pub fn frozen() -> Vec<Case> {
    let patterns: [(&str, &[&str]); 4] = [
        ("two hidden layers", &[r#""layers.0.*""#, r#""layers.1.weight""#, r#""layers.0.*","layers.1.*","layers.2.bias""#]),
        (
            "tied, biases",
            &[
                r#""transformer.wte.weight""#,
                r#""transformer.h.1.attn.c_attn.bias","transformer.ln_f.weight","transformer.wpe.weight""#,
                r#""transformer.h.0.*","transformer.w*""#,
                r#""transformer.h.*","transformer.ln_f.weight","transformer.w*""#,
            ],
        ),
        ("untied, a price", &[r#""transformer.*""#, r#""lm_head.weight","transformer.w*""#]),
        (
            "groups of heads, norms of heads, a window",
            &[
                r#""model.embed_tokens.weight","model.layers.0.*""#,
                r#""model.layers.0.self_attn.q*","model.layers.1.self_attn.k_norm.weight","model.norm.weight""#,
                r#""model.*""#,
            ],
        ),
    ];
    let with = |case: &Case, pattern: &str| {
        let text = String::from_utf8(case.manifest.to_bytes()).unwrap();
        let manifest = format!(r#"{},"frozen":[{pattern}]}}"#, text.strip_suffix('}').unwrap());
        Case { name: case.name, manifest: Manifest::from_bytes(manifest.as_bytes()).unwrap(), examples: case.examples.clone() }
    };
    let of = |(name, patterns): (&str, &[&str])| {
        let cases = odd().into_iter().filter(|case| case.name == name);
        cases.flat_map(|case| patterns.iter().map(|pattern| with(&case, pattern)).collect::<Vec<Case>>()).collect::<Vec<Case>>()
    };
    let cases: Vec<Case> = patterns.into_iter().flat_map(of).collect();
    assert_eq!(cases.len(), 12, "every name is that of a case");
    cases
}

/// Models whose weights may be as great as any.
#[allow(dead_code, reason = "the command for machines with a GPU does without")]
pub fn unbounded() -> Vec<Case> {
    let bounded = odd().into_iter().filter(|case| case.name.contains(", biases") || case.name.contains("groups of heads"));
    let unbounded = |case: Case| {
        let text = String::from_utf8(case.manifest.to_bytes()).unwrap().replace(r#""weight_max":4"#, r#""weight_max":65536"#);
        let manifest = Manifest::from_bytes(text.as_bytes()).unwrap();
        Case { manifest, ..case }
    };
    bounded.map(unbounded).collect()
}

/// Narrow models of all families, each with so many rows of activations: of a perceptron an example each, else a position.
pub fn rows(count: usize) -> Vec<Case> {
    let mlp = r#"{"version":1,"model":{"family":"mlp","inputs":17,"hidden":[33],"outputs":5,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":1024,"weight_max":4}"#;
    let data = DATA.replace("\"stride\":29", "\"stride\":64");
    let text = text(count + 1);
    let windows = |name, sizes: &str| {
        let manifest = format!(r#"{{"version":1,"model":{{{sizes}}},{data}}}"#);
        Case::new(name, &manifest, &[("a.txt", &text)])
    };
    let gpt = r#""family":"gpt","layers":1,"heads":3,"width":33,"context":64,"vocabulary":256,"bias":true,"tied":true"#;
    let llama = r#""family":"llama","layers":1,"heads":2,"key_value_heads":1,"head_size":18,"width":33,"inner":50,"context":64,"vocabulary":256,"epsilon":1000,"rotary_base":10000,"bias":false,"head_norms":true,"tied":true"#;
    vec![
        Case::new("rows of a perceptron", mlp, &[("a.csv", &table(count))]),
        windows("rows of a gpt", gpt),
        windows("rows of a gpt, tanh", &format!(r#"{gpt},"activation":"gelu_tanh""#)),
        windows("rows of a llama", llama),
    ]
}

/// A model of 85 million weights, and so many examples of 1,024 tokens: what a test has no time for.
#[allow(dead_code, reason = "the command for machines with a GPU uses it")]
pub fn large(examples: u32) -> Case {
    let sizes = r#""layers":12,"heads":12,"width":768,"context":1024,"vocabulary":256,"bias":true,"tied":true"#;
    gpt("85 million weights", sizes, "", examples as usize, 1024)
}
