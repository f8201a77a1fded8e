//! A slow plain evaluator of its own, written from docs/PROTOCOL.md alone; it shares no code with the crate.

use sha2::{Digest, Sha256};

const EXP: [u32; 5] = [0x3ab563a6, 0x3c091ef0, 0x3d2aac2c, 0x3e2aaa46, 0x3efffffe];
const LOG: [u32; 9] = [0x3d8a2be2, 0xbdef1e0e, 0x3df37831, 0xbdfe1103, 0x3e119bb4, 0xbe2aae27, 0x3e4cd25b, 0xbe800003, 0x3eaaaaa4];

/// Weights [outputs][inputs] and bias of one layer.
pub struct Layer {
    pub weight: Vec<Vec<f32>>,
    pub bias: Vec<f32>,
}

/// Layers of a file whose header is skipped, not read.
pub fn layers(file: &[u8], widths: &[usize]) -> Vec<Layer> {
    let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let mut values = file[8 + header..].chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
    let mut layers = Vec::new();
    for pair in widths.windows(2) {
        let weight = (0..pair[1]).map(|_| values.by_ref().take(pair[0]).collect()).collect();
        let bias = values.by_ref().take(pair[1]).collect();
        layers.push(Layer { weight, bias });
    }
    assert_eq!(values.next(), None);
    layers
}

/// Log-probabilities of one example.
pub fn log_probabilities(layers: &[Layer], features: &[f32]) -> Vec<f32> {
    let mut x = features.to_vec();
    for (index, layer) in layers.iter().enumerate() {
        let mut y = Vec::new();
        for (weights, bias) in layer.weight.iter().zip(&layer.bias) {
            let mut sum = 0.0_f32;
            for k in 0..x.len() {
                sum = x[k].mul_add(weights[k], sum);
            }
            let value = sum + bias;
            let hidden = index < layers.len() - 1;
            y.push(if hidden && (value <= 0.0 || value.is_nan()) { 0.0 } else { value });
        }
        x = y;
    }
    log_softmax(&x)
}

pub fn log_softmax(x: &[f32]) -> Vec<f32> {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let m = reduce(x, f32::NEG_INFINITY, larger, larger);
    let shifted: Vec<f32> = x.iter().map(|v| v - m).collect();
    let powers: Vec<f32> = shifted.iter().map(|v| exp(*v)).collect();
    let total = log(reduce(&powers, 0.0, |a, b| a + b, |a, b| a + b));
    shifted.iter().map(|v| v - total).collect()
}

/// Sixteen lanes from `start`, each taking every sixteenth element by `take`, then joined 8-4-2-1.
pub fn reduce(row: &[f32], start: f32, take: fn(f32, f32) -> f32, combine: fn(f32, f32) -> f32) -> f32 {
    let padding = row.len().next_multiple_of(16) - row.len();
    let mut lanes = [start; 16];
    for (index, value) in row.iter().chain(&vec![start; padding]).enumerate() {
        lanes[index % 16] = take(lanes[index % 16], *value);
    }
    let mut width = 16;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

pub fn polynomial(bits: &[u32], x: f32) -> f32 {
    bits.iter().skip(1).fold(f32::from_bits(bits[0]), |sum, next| sum.mul_add(x, f32::from_bits(*next)))
}

pub fn exp(x: f32) -> f32 {
    if x.is_nan() {
        return f32::from_bits(0x7fc00000);
    }
    if x > f32::from_bits(0x42b17217) {
        return f32::INFINITY;
    }
    if x < f32::from_bits(0xc2cff1b4) {
        return 0.0;
    }
    let n = x.mul_add(f32::from_bits(0x3fb8aa3b), 12_582_912.0) - 12_582_912.0;
    let r = (-n).mul_add(f32::from_bits(0x317200 | 0x3f000000), x);
    let r = (-n).mul_add(f32::from_bits(0x35bfbe8e), r);
    let y = polynomial(&EXP, r).mul_add(r * r, r) + 1.0;
    // binary64 holds y · 2ⁿ exactly: its conversion is the one rounding.
    (f64::from(y) * 2.0_f64.powi(n as i32)) as f32
}

pub fn log(x: f32) -> f32 {
    if x == 0.0 {
        return f32::NEG_INFINITY;
    }
    if x.is_nan() || x < 0.0 {
        return f32::from_bits(0x7fc00000);
    }
    if x.is_infinite() {
        return x;
    }
    let (mut significand, mut exponent) = (f64::from(x), 0);
    let (low, high) = (f64::from(f32::from_bits(0x3f3504f3)), 2.0 * f64::from(f32::from_bits(0x3f3504f3)));
    while significand < low {
        (significand, exponent) = (significand * 2.0, exponent - 1);
    }
    while significand >= high {
        (significand, exponent) = (significand / 2.0, exponent + 1);
    }
    let (f, e) = ((significand - 1.0) as f32, exponent as f32);
    let u = polynomial(&LOG, f).mul_add(f, -0.5);
    let t = (f * f).mul_add(u, e * f32::from_bits(0x35bfbe8e)) + f;
    e.mul_add(f32::from_bits(0x3f317200), t)
}

pub fn micronats(nats: f32) -> u32 {
    if nats.is_nan() || nats.is_infinite() {
        return u32::MAX;
    }
    let scaled = f64::from(nats) * 1_000_000.0;
    let floor = scaled.floor();
    let up = scaled - floor > 0.5 || (scaled - floor == 0.5 && floor % 2.0 != 0.0);
    (floor + if up { 1.0 } else { 0.0 }).clamp(0.0, f64::from(u32::MAX)) as u32
}

/// ⌊x · 2³²⌋ of a finite x of at least 0, by its bits.
fn parts(x: f64) -> u128 {
    let (exponent, fraction) = ((x.to_bits() >> 52) as i32, u128::from(x.to_bits() & ((1 << 52) - 1)));
    let (significand, exponent) = if exponent == 0 { (fraction, -1074) } else { (fraction + (1 << 52), exponent - 1075) };
    let shift = exponent + 32;
    if shift < 0 { significand.checked_shr(shift.unsigned_abs()).unwrap_or(0) } else { significand << shift }
}

/// Price of values, each with the one that costs nothing.
pub fn price(values: &[(f32, f64)], weight_price: u32, count: u64) -> u32 {
    let mut sum = 0_u128;
    for (value, rest) in values {
        let distance = f64::from(*value) - rest;
        sum += parts(distance * distance);
    }
    let price = sum * u128::from(weight_price) / (u128::from(count) << 32);
    price.min(u128::from(u32::MAX)) as u32
}

/// Words of the counter stream of a key.
pub struct Words {
    key: Vec<u8>,
    used: u64,
}

impl Words {
    pub fn new(parts: &[&[u8]]) -> Self {
        Self { key: Sha256::digest(parts.concat()).to_vec(), used: 0 }
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        loop {
            let block = Sha256::digest([&self.key[..], &(self.used / 8).to_be_bytes()].concat());
            let at = (self.used % 8) as usize * 4;
            let word = u64::from(u32::from_be_bytes(block[at..at + 4].try_into().unwrap()));
            self.used += 1;
            if word < (1 << 32) / bound * bound {
                return word % bound;
            }
        }
    }
}

pub fn draw(seed: [u8; 32], group: u64, round: u64, count: u64, most: u64) -> Vec<u32> {
    let mut left: Vec<u32> = (0..count as u32).collect();
    if count <= most {
        return left;
    }
    let mut words = Words::new(&[b"neuron/draw/1", &seed, &group.to_be_bytes(), &round.to_be_bytes()]);
    let mut drawn = Vec::new();
    for _ in 0..most {
        // What was swapped away stands where the chosen one stood.
        let chosen = words.below(left.len() as u64) as usize;
        drawn.push(left[chosen]);
        left[chosen] = left[0];
        left.remove(0);
    }
    drawn
}

pub fn loss_root(base: &[u32], new: &[u32]) -> Vec<u8> {
    let leaves: Vec<Vec<u8>> = base.iter().zip(new).map(|(b, n)| [b.to_be_bytes(), n.to_be_bytes()].concat()).collect();
    subtree(&leaves)
}

fn subtree(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves.len() {
        0 => Sha256::digest([]).to_vec(),
        1 => Sha256::digest([&[0_u8][..], &leaves[0]].concat()).to_vec(),
        count => {
            let half = (0..).map(|power| 1 << power).take_while(|half| *half < count).last().unwrap();
            let (left, right) = leaves.split_at(half);
            Sha256::digest([vec![1], subtree(left), subtree(right)].concat()).to_vec()
        }
    }
}
