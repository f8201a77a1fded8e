//! Which bytes are a manifest, and what follows from it.

use evaluator::{Data, Dtype, Gelu, Manifest, ManifestError, Model, Tokenizer, checkpoint_len};

const TEXT: &str = r#"{"version":1,"model":{"family":"mlp","inputs":3,"hidden":[],"outputs":2,"activation":"relu"},"data":{"format":"csv","divisor":1},"loss":"cross_entropy","eval_max":1,"weight_max":1}"#;

const GPT: &str = r#"{"version":1,"model":{"family":"gpt","layers":2,"heads":3,"width":12,"context":8,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":8},"loss":"cross_entropy","eval_max":1,"weight_max":1}"#;

pub const LLAMA: &str = r#"{"version":1,"model":{"family":"llama","layers":2,"heads":4,"key_value_heads":2,"head_size":6,"width":10,"inner":19,"context":8,"vocabulary":256,"epsilon":10000,"rotary_base":500000,"rotary_scaling":{"factor":8,"low":1,"high":4,"original":8192},"window":5,"bias":true,"head_norms":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":8},"loss":"cross_entropy","eval_max":1,"weight_max":1}"#;

/// Replaces a piece of a valid text and reads the result.
fn changed(text: &str, piece: &str, other: &str) -> Result<Manifest, ManifestError> {
    assert!(text.contains(piece), "{piece}");
    Manifest::from_bytes(text.replacen(piece, other, 1).as_bytes())
}

fn read(piece: &str, other: &str) -> Result<Manifest, ManifestError> {
    changed(TEXT, piece, other)
}

fn names(manifest: &Manifest) -> Vec<String> {
    manifest.tensors().into_iter().map(|spec| format!("{} {:?}", spec.name, spec.shape)).collect()
}

#[test]
fn a_regression_has_one_layer() {
    let manifest = Manifest::from_bytes(TEXT.as_bytes()).unwrap();
    let Model::Mlp(mlp) = manifest.model() else { panic!("{manifest:?}") };
    assert_eq!(mlp.layers(), [(3, 2)]);
    assert_eq!(manifest.parameters(), 8);
    assert_eq!(names(&manifest), ["layers.0.weight [2, 3]", "layers.0.bias [2]"]);
}

#[test]
fn a_transformer_has_the_tensors_of_nanogpt() {
    let manifest = Manifest::from_bytes(GPT.as_bytes()).unwrap();
    let block = [
        "ln_1.weight [12]",
        "ln_1.bias [12]",
        "attn.c_attn.weight [36, 12]",
        "attn.c_attn.bias [36]",
        "attn.c_proj.weight [12, 12]",
        "attn.c_proj.bias [12]",
        "ln_2.weight [12]",
        "ln_2.bias [12]",
        "mlp.c_fc.weight [48, 12]",
        "mlp.c_fc.bias [48]",
        "mlp.c_proj.weight [12, 48]",
        "mlp.c_proj.bias [12]",
    ];
    let mut all = vec!["transformer.wte.weight [256, 12]".to_owned(), "transformer.wpe.weight [8, 12]".to_owned()];
    for layer in 0..2 {
        all.extend(block.iter().map(|name| format!("transformer.h.{layer}.{name}")));
    }
    all.extend(["transformer.ln_f.weight [12]".to_owned(), "transformer.ln_f.bias [12]".to_owned()]);
    assert_eq!(names(&manifest), all);
    assert_eq!((manifest.inputs(), manifest.outputs(), manifest.data().suffix()), (8, 256, ".txt"));

    let bare = GPT.replace(r#""bias":true,"tied":true"#, r#""bias":false,"tied":false"#);
    all.retain(|name| !name.contains(".bias"));
    all.push("lm_head.weight [256, 12]".to_owned());
    assert_eq!(names(&Manifest::from_bytes(bare.as_bytes()).unwrap()), all);
}

#[test]
fn a_transformer_has_the_tanh_form_of_gelu_if_its_manifest_says_so() {
    let form = |manifest: &Manifest| if let Model::Gpt(gpt) = manifest.model() { gpt.activation } else { panic!("{manifest:?}") };
    assert_eq!(form(&Manifest::from_bytes(GPT.as_bytes()).unwrap()), Gelu::Exact);
    let last = r#""tied":true"#;
    let tanh = changed(GPT, last, r#""tied":true,"activation":"gelu_tanh""#).unwrap();
    assert_eq!((form(&tanh), tanh.tensors()), (Gelu::Tanh, Manifest::from_bytes(GPT.as_bytes()).unwrap().tensors()));
    let early = changed(GPT, last, r#""activation":"gelu_tanh","tied":true"#);
    assert!(matches!(early, Err(ManifestError::NotCanonical(_))), "{early:?}");
    for other in ["\"gelu\"", "\"exact\"", "\"Exact\"", "\"relu\"", "\"gelu_new\"", "null", "true", "0"] {
        let result = changed(GPT, last, &format!("{last},\"activation\":{other}"));
        assert!(matches!(result, Err(ManifestError::Unreadable(_))), "{other}: {result:?}");
    }
    let llama = changed(LLAMA, last, r#""tied":true,"activation":"gelu_tanh""#);
    assert!(matches!(llama, Err(ManifestError::Unreadable(_))), "{llama:?}");
}

#[test]
fn sizes_of_a_transformer_outside_their_limits_are_refused_and_named() {
    let cases = [
        ("\"layers\":2", "\"layers\":0", "layers"),
        ("\"layers\":2", "\"layers\":65", "layers"),
        ("\"heads\":3", "\"heads\":0", "heads"),
        ("\"heads\":3", "\"heads\":13", "heads"),
        ("\"heads\":3", "\"heads\":5", "width modulo heads"),
        ("\"width\":12", "\"width\":0", "width"),
        ("\"width\":12", "\"width\":8193", "width"),
        ("\"context\":8", "\"context\":0", "context"),
        ("\"context\":8", "\"context\":65537", "context"),
        ("\"width\":12,\"context\":8", "\"width\":4098,\"context\":2048", "context times width"),
        ("\"layers\":2,\"heads\":3,\"width\":12", "\"layers\":64,\"heads\":1,\"width\":8192", "number of parameters"),
        ("\"vocabulary\":256", "\"vocabulary\":255", "vocabulary"),
        ("\"vocabulary\":256", "\"vocabulary\":0", "vocabulary"),
        ("\"stride\":8", "\"stride\":0", "stride"),
        ("\"stride\":8", "\"stride\":1048577", "stride"),
        ("\"bytes\"", "{\"characters\":\"a\"}", "number of characters"),
    ];
    for (piece, other, name) in cases {
        match changed(GPT, piece, other) {
            Err(ManifestError::OutOfRange { field, .. }) => assert_eq!(field, name, "{other}"),
            result => panic!("{other}: {result:?}"),
        }
    }
}

#[test]
fn a_llama_has_the_tensors_of_transformers() {
    let manifest = Manifest::from_bytes(LLAMA.as_bytes()).unwrap();
    let block = [
        "self_attn.q_proj.weight [24, 10]",
        "self_attn.q_proj.bias [24]",
        "self_attn.k_proj.weight [12, 10]",
        "self_attn.k_proj.bias [12]",
        "self_attn.v_proj.weight [12, 10]",
        "self_attn.v_proj.bias [12]",
        "self_attn.o_proj.weight [10, 24]",
        "self_attn.q_norm.weight [6]",
        "self_attn.k_norm.weight [6]",
        "mlp.gate_proj.weight [19, 10]",
        "mlp.up_proj.weight [19, 10]",
        "mlp.down_proj.weight [10, 19]",
        "input_layernorm.weight [10]",
        "post_attention_layernorm.weight [10]",
    ];
    let mut all = vec!["model.embed_tokens.weight [256, 10]".to_owned()];
    for layer in 0..2 {
        all.extend(block.iter().map(|name| format!("model.layers.{layer}.{name}")));
    }
    all.push("model.norm.weight [10]".to_owned());
    assert_eq!(names(&manifest), all);
    assert_eq!((manifest.inputs(), manifest.outputs(), manifest.data().suffix()), (8, 256, ".txt"));
    let norms = manifest.tensors().iter().filter(|spec| spec.is_gain).map(|spec| spec.name.clone()).collect::<Vec<_>>();
    assert_eq!((norms.len(), norms.iter().all(|name| name.contains("norm"))), (9, true), "{norms:?}");

    let bare = LLAMA.replace(r#""bias":true,"head_norms":true,"tied":true"#, r#""bias":false,"head_norms":false,"tied":false"#);
    all.retain(|name| !name.contains(".bias") && !name.contains("q_norm") && !name.contains("k_norm"));
    all.push("lm_head.weight [256, 10]".to_owned());
    assert_eq!(names(&Manifest::from_bytes(bare.as_bytes()).unwrap()), all);
}

#[test]
fn scaling_and_window_of_a_llama_may_be_left_out_but_not_be_null() {
    let (scaling, window) = (r#""rotary_scaling":{"factor":8,"low":1,"high":4,"original":8192},"#, r#""window":5,"#);
    for piece in [scaling, window] {
        let manifest = changed(LLAMA, piece, "").unwrap();
        assert_eq!(manifest.to_bytes(), LLAMA.replace(piece, "").as_bytes());
        let (key, _) = piece.split_once(':').unwrap();
        let null = changed(LLAMA, piece, &format!("{key}:null,"));
        assert!(matches!(null, Err(ManifestError::NotCanonical(_))), "{null:?}");
    }
    let reordered = changed(LLAMA, r#""low":1,"high":4"#, r#""high":4,"low":1"#);
    assert!(matches!(reordered, Err(ManifestError::NotCanonical(_))), "{reordered:?}");
    for (piece, other) in
        [("\"bias\":true,", ""), ("\"low\":1,", ""), ("\"window\":5", "\"window\":5,\"dropout\":0"), ("\"low\"", "\"type\"")]
    {
        let result = changed(LLAMA, piece, other);
        assert!(matches!(result, Err(ManifestError::Unreadable(_))), "{other}: {result:?}");
    }
}

#[test]
fn sizes_of_a_llama_outside_their_limits_are_refused_and_named() {
    let cases = [
        ("\"layers\":2", "\"layers\":0", "layers"),
        ("\"layers\":2", "\"layers\":65", "layers"),
        ("\"heads\":4", "\"heads\":0", "heads"),
        ("\"heads\":4", "\"heads\":8193", "heads"),
        ("\"key_value_heads\":2", "\"key_value_heads\":0", "key_value_heads"),
        ("\"key_value_heads\":2", "\"key_value_heads\":5", "key_value_heads"),
        ("\"key_value_heads\":2", "\"key_value_heads\":3", "heads modulo key_value_heads"),
        ("\"head_size\":6", "\"head_size\":0", "head_size"),
        ("\"head_size\":6", "\"head_size\":514", "head_size"),
        ("\"head_size\":6", "\"head_size\":7", "head_size modulo 2"),
        (
            "\"heads\":4,\"key_value_heads\":2,\"head_size\":6",
            "\"heads\":18,\"key_value_heads\":2,\"head_size\":512",
            "heads times head_size",
        ),
        ("\"width\":10", "\"width\":0", "width"),
        ("\"width\":10", "\"width\":8193", "width"),
        ("\"inner\":19", "\"inner\":0", "inner"),
        ("\"inner\":19", "\"inner\":65537", "inner"),
        ("\"context\":8", "\"context\":0", "context"),
        ("\"context\":8", "\"context\":65537", "context"),
        ("\"width\":10,\"inner\":19,\"context\":8", "\"width\":4098,\"inner\":19,\"context\":2048", "context times width"),
        (
            "\"head_size\":6,\"width\":10,\"inner\":19,\"context\":8",
            "\"head_size\":512,\"width\":10,\"inner\":19,\"context\":4097",
            "context times heads times head_size",
        ),
        ("\"vocabulary\":256", "\"vocabulary\":255", "vocabulary"),
        ("\"epsilon\":10000", "\"epsilon\":0", "epsilon"),
        ("\"epsilon\":10000", "\"epsilon\":16777217", "epsilon"),
        ("\"rotary_base\":500000", "\"rotary_base\":1", "rotary_base"),
        ("\"factor\":8", "\"factor\":0", "rotary_scaling factor"),
        ("\"factor\":8", "\"factor\":1025", "rotary_scaling factor"),
        ("\"low\":1", "\"low\":0", "rotary_scaling low"),
        ("\"low\":1", "\"low\":4", "rotary_scaling high"),
        ("\"high\":4", "\"high\":1025", "rotary_scaling high"),
        ("\"original\":8192", "\"original\":0", "rotary_scaling original"),
        ("\"original\":8192", "\"original\":1048577", "rotary_scaling original"),
        ("\"window\":5", "\"window\":0", "window"),
        ("\"window\":5", "\"window\":65537", "window"),
        (
            "\"layers\":2,\"heads\":4,\"key_value_heads\":2,\"head_size\":6,\"width\":10,\"inner\":19",
            "\"layers\":64,\"heads\":4,\"key_value_heads\":2,\"head_size\":6,\"width\":8192,\"inner\":8192",
            "number of parameters",
        ),
    ];
    for (piece, other, name) in cases {
        match changed(LLAMA, piece, other) {
            Err(ManifestError::OutOfRange { field, .. }) => assert_eq!(field, name, "{other}"),
            result => panic!("{other}: {result:?}"),
        }
    }
}

#[test]
fn a_family_reads_its_own_format_only() {
    let text = read(r#"{"format":"csv","divisor":1}"#, r#"{"format":"text","tokenizer":"bytes","stride":1}"#);
    assert_eq!(text, Err(ManifestError::Format { family: "mlp", format: "csv" }));
    let csv = changed(GPT, r#"{"format":"text","tokenizer":"bytes","stride":8}"#, r#"{"format":"csv","divisor":1}"#);
    assert_eq!(csv, Err(ManifestError::Format { family: "gpt", format: "text or tokens" }));
    let csv = changed(LLAMA, r#"{"format":"text","tokenizer":"bytes","stride":8}"#, r#"{"format":"csv","divisor":1}"#);
    assert_eq!(csv, Err(ManifestError::Format { family: "llama", format: "text or tokens" }));
}

#[test]
fn characters_of_a_tokenizer_ascend() {
    let read = |characters: &str, count: usize| {
        let text = GPT.replace("\"vocabulary\":256", &format!("\"vocabulary\":{count}"));
        changed(&text, "\"bytes\"", &format!("{{\"characters\":\"{characters}\"}}"))
    };
    for (characters, count) in [("ba", 2), ("aa", 2), ("aéb", 3)] {
        assert_eq!(read(characters, count), Err(ManifestError::NotAscending), "{characters}");
    }
    let manifest = read("\\n abé", 5).unwrap();
    let Data::Text { tokenizer, .. } = manifest.data() else { panic!("{manifest:?}") };
    assert_eq!(tokenizer.encode("é\nab "), Ok(vec![4, 0, 2, 3, 1]));
    assert_eq!(tokenizer.encode("abc"), Err('c'));
    assert_eq!(tokenizer.decode(&[4, 0, 2, 3, 1, 5]), "é\nab ");
    assert_eq!(Tokenizer::Bytes.decode(&Tokenizer::Bytes.encode("déjà").unwrap()), "déjà");
    assert_eq!(Tokenizer::Bytes.decode(&[97, 256, 0xff]), "a\u{fffd}");
}

#[test]
fn other_bytes_of_the_same_manifest_are_refused() {
    for (piece, other) in [("{\"v", "{ \"v"), (",\"loss\"", ",\n\"loss\""), ("mlp", "m\\u006cp")] {
        let result = read(piece, other);
        assert!(matches!(result, Err(ManifestError::NotCanonical(_))), "{other}: {result:?}");
    }
    let newline = Manifest::from_bytes(format!("{TEXT}\n").as_bytes());
    assert!(matches!(newline, Err(ManifestError::NotCanonical(_))), "{newline:?}");
    let reordered = read(r#""eval_max":1,"weight_max":1"#, r#""weight_max":1,"eval_max":1"#);
    assert!(matches!(reordered, Err(ManifestError::NotCanonical(_))), "{reordered:?}");
}

#[test]
fn a_price_for_weights_and_a_certainty_may_end_a_manifest() {
    let last = r#""weight_max":1"#;
    let cases = [
        ("", None, None),
        (r#","weight_price":1"#, Some(1), None),
        (r#","weight_price":4294967295"#, Some(u32::MAX), None),
        (r#","certainty":1"#, None, Some(1)),
        (r#","weight_price":500000,"certainty":1000"#, Some(500_000), Some(1000)),
    ];
    for (keys, weight_price, certainty) in cases {
        for text in [TEXT, GPT] {
            let manifest = changed(text, last, &format!("{last}{keys}")).unwrap();
            assert_eq!((manifest.weight_price(), manifest.certainty()), (weight_price, certainty), "{keys}");
        }
    }
    for keys in [r#","certainty":200,"weight_price":1"#, r#","weight_price":null"#, r#","certainty":null"#] {
        let result = read(last, &format!("{last}{keys}"));
        assert!(matches!(result, Err(ManifestError::NotCanonical(_))), "{keys}: {result:?}");
    }
}

#[test]
fn a_dtype_may_end_a_manifest_and_its_files_can_hold_weight_max() {
    let last = r#""weight_max":1"#;
    assert_eq!(changed(GPT, last, last).unwrap().dtype(), Dtype::F32);
    for keys in ["", r#","weight_price":1"#, r#","certainty":1"#].map(|keys| format!(r#"{keys},"dtype":"bf16""#)) {
        assert_eq!(read(last, &format!("{last}{keys}")).unwrap().dtype(), Dtype::Bf16, "{keys}");
    }
    for keys in [r#","dtype":"f32""#, r#","dtype":"BF16""#, r#","dtype":"f16""#, r#","dtype":null"#, r#","dtype":2"#] {
        let result = read(last, &format!("{last}{keys}"));
        assert!(matches!(result, Err(ManifestError::Unreadable(_))), "{keys}: {result:?}");
    }
    let early = read(last, &format!(r#"{last},"dtype":"bf16","certainty":1"#));
    assert!(matches!(early, Err(ManifestError::NotCanonical(_))), "{early:?}");
    assert!(read(last, &format!(r#"{last},"certainty":1,"dtype":"bf16","frozen":["layers.0.bias"]"#)).is_ok());
    let late = read(last, &format!(r#"{last},"frozen":["layers.0.bias"],"dtype":"bf16""#));
    assert!(matches!(late, Err(ManifestError::NotCanonical(_))), "{late:?}");
    // Eight significant bits: all up to 256, then every second one, and so on.
    for (most, held) in
        [(1, 1), (255, 255), (256, 256), (257, 256), (258, 258), (259, 260), (513, 512), (1000, 1000), (65_535, 65_536), (65_536, 65_536)]
    {
        let expected = if most == held { None } else { Some(ManifestError::WeightMax { most, dtype: "BF16", held }) };
        let text = format!(r#""weight_max":{most},"dtype":"bf16""#);
        assert_eq!(read(last, &text).err(), expected, "{most}");
        assert!(read(last, &format!(r#""weight_max":{most}"#)).is_ok(), "{most}");
    }
}

#[test]
fn models_of_the_sizes_that_people_share_are_within_the_limits() {
    // Llama 3.2 of 1 B and 3 B, Qwen3 of 8 B, GPT-2 XL, but for their vocabularies.
    let sizes = [
        (16, 32, 8, 64, 2048, 8192, 4096, 973_670_400_u64),
        (28, 24, 8, 128, 3072, 8192, 2048, 2_819_533_824),
        (36, 32, 8, 128, 4096, 12_288, 2048, 6_947_115_008),
    ];
    for (layers, heads, shared, size, width, inner, context, parameters) in sizes {
        let text = LLAMA.replace(
            r#""layers":2,"heads":4,"key_value_heads":2,"head_size":6,"width":10,"inner":19,"context":8"#,
            &format!(r#""layers":{layers},"heads":{heads},"key_value_heads":{shared},"head_size":{size},"width":{width},"inner":{inner},"context":{context}"#),
        );
        let text = text.replace(r#""bias":true,"head_norms":true"#, r#""bias":false,"head_norms":false"#);
        let manifest = changed(&text, r#""weight_max":1"#, r#""weight_max":64,"dtype":"bf16""#).unwrap();
        assert_eq!(manifest.parameters(), parameters, "{text}");
        let header = checkpoint_len(&manifest) - 2 * parameters;
        assert!(header.is_multiple_of(8) && header < 1 << 17, "{header}");
    }
    assert!(
        changed(GPT, r#""layers":2,"heads":3,"width":12,"context":8"#, r#""layers":48,"heads":25,"width":1600,"context":1024"#).is_ok()
    );
}

#[test]
fn unknown_missing_and_doubled_keys_are_refused() {
    let cases = [
        ("\"version\":1,", ""),
        ("\"version\":1,", "\"version\":1,\"version\":1,"),
        ("\"version\":1,", "\"version\":1,\"author\":1,"),
        ("\"inputs\":3,", "\"inputs\":3,\"dropout\":0,"),
        ("\"divisor\":1", "\"divisor\":1,\"header\":true"),
        ("mlp", "transformer"),
        ("relu", "gelu"),
        ("cross_entropy", "accuracy"),
        ("\"eval_max\":1", "\"eval_max\":1.0"),
        ("\"eval_max\":1", "\"eval_max\":-1"),
        ("\"eval_max\":1", "\"eval_max\":4294967296"),
        ("\"weight_max\":1", "\"weight_max\":1,\"weight_price\":4294967296"),
        ("\"weight_max\":1", "\"weight_max\":1,\"weight_price\":0.5"),
        ("\"weight_max\":1", "\"weight_max\":1,\"certainty\":-1"),
    ];
    for (piece, other) in cases {
        let result = read(piece, other);
        assert!(matches!(result, Err(ManifestError::Unreadable(_))), "{other}: {result:?}");
    }
}

#[test]
fn numbers_outside_their_limits_are_refused_and_named() {
    let cases = [
        ("\"version\":1", "\"version\":2", "version"),
        ("\"inputs\":3", "\"inputs\":0", "inputs"),
        ("\"inputs\":3", "\"inputs\":65537", "inputs"),
        ("\"outputs\":2", "\"outputs\":1", "outputs"),
        ("\"hidden\":[]", "\"hidden\":[4,0]", "hidden"),
        ("\"hidden\":[]", "\"hidden\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "number of hidden layers"),
        ("\"hidden\":[]", "\"hidden\":[65536,65536,65536]", "number of parameters"),
        ("\"divisor\":1", "\"divisor\":0", "divisor"),
        ("\"divisor\":1", "\"divisor\":16777217", "divisor"),
        ("\"eval_max\":1", "\"eval_max\":0", "eval_max"),
        ("\"eval_max\":1", "\"eval_max\":1048577", "eval_max"),
        ("\"weight_max\":1", "\"weight_max\":0", "weight_max"),
        ("\"weight_max\":1", "\"weight_max\":65537", "weight_max"),
        ("\"weight_max\":1", "\"weight_max\":1,\"weight_price\":0", "weight_price"),
        ("\"weight_max\":1", "\"weight_max\":1,\"certainty\":0", "certainty"),
        ("\"weight_max\":1", "\"weight_max\":1,\"certainty\":1001", "certainty"),
    ];
    for (piece, other, name) in cases {
        match read(piece, other) {
            Err(ManifestError::OutOfRange { field, .. }) => assert_eq!(field, name, "{other}"),
            result => panic!("{other}: {result:?}"),
        }
    }
    let long = Manifest::from_bytes(&[b' '; 4097]);
    assert_eq!(long, Err(ManifestError::TooLong(4097)));
}
