//! A slow plain transformer of its own, written from docs/PROTOCOL.md alone; it shares no code with the crate.

use crate::reference::{exp, log_softmax, polynomial, reduce};

const ERF_SMALL: [u32; 7] = [0x38a79eff, 0xba530118, 0x3baa24d1, 0xbcdc008b, 0x3de716b2, 0xbec093a0, 0x3e0375d4];
const ERF_LARGE: [u32; 7] = [0xb73d98d6, 0x39a99c4d, 0xbb6ee69f, 0x3cc2b582, 0xbdd99678, 0xbf2298fe, 0xbe03bcb6];

type Row = Vec<f32>;

/// Sizes of a model.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub layers: usize,
    pub heads: usize,
    pub width: usize,
    pub context: usize,
    pub vocabulary: usize,
    pub bias: bool,
    pub tied: bool,
}

/// Rows of tensors of a file, taken in order.
struct Tensors {
    values: std::vec::IntoIter<f32>,
    bias: bool,
}

impl Tensors {
    fn rows(&mut self, rows: usize, columns: usize) -> Vec<Row> {
        (0..rows).map(|_| self.values.by_ref().take(columns).collect()).collect()
    }

    fn bias(&mut self, columns: usize) -> Option<Row> {
        self.bias.then(|| self.rows(1, columns).remove(0))
    }

    fn norm(&mut self, x: &[Row]) -> Vec<Row> {
        let (weight, bias) = (self.rows(1, x[0].len()).remove(0), self.bias(x[0].len()));
        x.iter().map(|row| layer_norm(row, &weight, bias.as_deref())).collect()
    }

    fn linear(&mut self, x: &[Row], outputs: usize) -> Vec<Row> {
        let (weight, bias) = (self.rows(outputs, x[0].len()), self.bias(outputs));
        x.iter().map(|row| linear(row, &weight, bias.as_deref())).collect()
    }
}

/// Log-probabilities [position][token] of the tokens that follow each of `tokens`.
pub fn log_probabilities(file: &[u8], sizes: Sizes, tokens: &[u32]) -> Vec<Row> {
    log_probabilities_with(gelu, file, sizes, tokens)
}

/// The same with another function of the inner layer.
pub fn log_probabilities_with(gelu: fn(f32) -> f32, file: &[u8], sizes: Sizes, tokens: &[u32]) -> Vec<Row> {
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let values: Row = file[8 + header..].chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let mut tensors = Tensors { values: values.into_iter(), bias: sizes.bias };
    let wte = tensors.rows(sizes.vocabulary, sizes.width);
    let wpe = tensors.rows(sizes.context, sizes.width);
    let mut x: Vec<Row> = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        x.push(add(&wte[*token as usize], &wpe[position]));
    }
    for _ in 0..sizes.layers {
        let normal = tensors.norm(&x);
        let qkv = tensors.linear(&normal, 3 * sizes.width);
        let gathered = attention(&qkv, sizes.heads, sizes.width);
        let y = tensors.linear(&gathered, sizes.width);
        x = x.iter().zip(&y).map(|(x, y)| add(x, y)).collect();
        let normal = tensors.norm(&x);
        let mut inner = tensors.linear(&normal, 4 * sizes.width);
        inner.iter_mut().flatten().for_each(|value| *value = gelu(*value));
        let y = tensors.linear(&inner, sizes.width);
        x = x.iter().zip(&y).map(|(x, y)| add(x, y)).collect();
    }
    let normal = tensors.norm(&x);
    let head = if sizes.tied { wte } else { tensors.rows(sizes.vocabulary, sizes.width) };
    assert_eq!(tensors.values.next(), None);
    normal.iter().map(|row| log_softmax(&linear(row, &head, None))).collect()
}

fn add(x: &[f32], y: &[f32]) -> Row {
    x.iter().zip(y).map(|(x, y)| x + y).collect()
}

fn linear(x: &[f32], weight: &[Row], bias: Option<&[f32]>) -> Row {
    let mut y = Vec::new();
    for (output, weights) in weight.iter().enumerate() {
        let mut sum = 0.0_f32;
        for k in 0..x.len() {
            sum = x[k].mul_add(weights[k], sum);
        }
        y.push(match bias {
            Some(bias) => sum + bias[output],
            None => sum,
        });
    }
    y
}

fn layer_norm(x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Row {
    let count = x.len() as f32;
    let mean = reduce(x, 0.0, |sum, value| sum + value, |a, b| a + b) / count;
    let difference: Row = x.iter().map(|value| value - mean).collect();
    let variance = reduce(&difference, 0.0, |sum, value| value.mul_add(value, sum), |a, b| a + b) / count;
    let scale = 1.0 / (variance + f32::from_bits(0x3727c5ac)).sqrt();
    let mut y = Vec::new();
    for (index, value) in difference.iter().enumerate() {
        let normal = value * scale;
        y.push(match bias {
            Some(bias) => normal.mul_add(weight[index], bias[index]),
            None => normal * weight[index],
        });
    }
    y
}

/// Rows of queries, keys and values become rows of what each position gathers.
fn attention(qkv: &[Row], heads: usize, width: usize) -> Vec<Row> {
    let size = width / heads;
    let scale = 1.0 / (size as f32).sqrt();
    let mut gathered = vec![vec![0.0; width]; qkv.len()];
    for head in 0..heads {
        for t in 0..qkv.len() {
            let query = &qkv[t][head * size..][..size];
            let mut scores = Vec::new();
            for row in &qkv[..=t] {
                let key = &row[width + head * size..][..size];
                let mut sum = 0.0_f32;
                for k in 0..size {
                    sum = query[k].mul_add(key[k], sum);
                }
                scores.push(sum * scale);
            }
            let shares = softmax(&scores);
            for index in 0..size {
                let mut sum = 0.0_f32;
                for (share, row) in shares.iter().zip(qkv) {
                    sum = share.mul_add(row[2 * width + head * size + index], sum);
                }
                gathered[t][head * size + index] = sum;
            }
        }
    }
    gathered
}

fn softmax(x: &[f32]) -> Row {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let most = reduce(x, f32::NEG_INFINITY, larger, larger);
    let powers: Row = x.iter().map(|value| exp(value - most)).collect();
    let sum = reduce(&powers, 0.0, |a, b| a + b, |a, b| a + b);
    powers.iter().map(|power| power / sum).collect()
}

/// The tanh form.
pub fn gelu_tanh(x: f32) -> f32 {
    let t = if x > 16.0 { 16.0 } else { x };
    let t = if t < -16.0 { -16.0 } else { t };
    let w = t * (t * t).mul_add(f32::from_bits(0x3d922279), f32::from_bits(0x3fcc422a));
    x / (1.0 + exp(0.0 - w))
}

pub fn gelu(x: f32) -> f32 {
    let error = erf(x * f32::from_bits(0x3f3504f3));
    (0.5 * x) * (1.0 + error)
}

pub fn erf(x: f32) -> f32 {
    if x.is_nan() {
        return f32::from_bits(0x7fc00000);
    }
    let t = if x.abs() < 4.0 { x.abs() } else { 4.0 };
    let value =
        if t > 0.921875 { 1.0 - exp(polynomial(&ERF_LARGE, t).mul_add(t, -t)) } else { polynomial(&ERF_SMALL, t * t).mul_add(t, t) };
    if x.is_sign_negative() { -value } else { value }
}
