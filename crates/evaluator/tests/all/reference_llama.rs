//! A slow plain transformer of the family llama, written from docs/PROTOCOL.md alone; it shares no code with the crate.
//!
//! Generic in its numbers: in binary32 it is the reference, in binary64 a function whose differences tell its gradients.

use evaluator::Scaling;

use crate::reference;

type Row<T> = Vec<T>;

/// Numbers that the reference computes with.
pub trait Number: Copy + PartialOrd + From<f32> {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn over(self, other: Self) -> Self;
    fn fma(self, factor: Self, addend: Self) -> Self;
    fn root(self) -> Self;
    fn exponential(self) -> Self;
    fn logarithm(self) -> Self;
}

macro_rules! number {
    ($type:ty, $exp:path, $log:path) => {
        impl Number for $type {
            fn plus(self, other: Self) -> Self {
                self + other
            }
            fn minus(self, other: Self) -> Self {
                self - other
            }
            fn times(self, other: Self) -> Self {
                self * other
            }
            fn over(self, other: Self) -> Self {
                self / other
            }
            fn fma(self, factor: Self, addend: Self) -> Self {
                self.mul_add(factor, addend)
            }
            fn root(self) -> Self {
                self.sqrt()
            }
            fn exponential(self) -> Self {
                $exp(self)
            }
            fn logarithm(self) -> Self {
                $log(self)
            }
        }
    };
}

number!(f32, reference::exp, reference::log);
number!(f64, f64::exp, f64::ln);

/// Sizes of a model.
#[derive(Clone, Debug)]
pub struct Sizes {
    pub layers: usize,
    pub heads: usize,
    pub key_value_heads: usize,
    pub head_size: usize,
    pub width: usize,
    pub inner: usize,
    pub context: usize,
    pub vocabulary: usize,
    pub epsilon: u32,
    pub rotary_base: u32,
    pub rotary_scaling: Option<Scaling>,
    pub window: Option<usize>,
    pub bias: bool,
    pub head_norms: bool,
    pub tied: bool,
}

/// Values of tensors, taken in order, and what every row needs.
struct Model<'a, T> {
    sizes: &'a Sizes,
    values: std::vec::IntoIter<T>,
    epsilon: T,
    /// (cosine, sine) of each pair at each position.
    turns: Vec<Vec<(T, T)>>,
}

/// Log-probabilities [position][token] of the tokens that follow each of `tokens`; `turns` holds (cosine, sine).
pub fn log_probabilities<T: Number>(tensors: &[Vec<T>], sizes: &Sizes, turns: Vec<Vec<(T, T)>>, tokens: &[u32]) -> Vec<Row<T>> {
    let values: Vec<T> = tensors.iter().flatten().copied().collect();
    let epsilon = T::from(sizes.epsilon as f32).over(T::from(1e9));
    let mut model = Model { sizes, values: values.into_iter(), epsilon, turns };
    let embedding = model.matrix(sizes.vocabulary, sizes.width);
    let mut x: Vec<Row<T>> = tokens.iter().map(|token| embedding[*token as usize].clone()).collect();
    for _ in 0..sizes.layers {
        model.block(&mut x);
    }
    let norm = model.vector(sizes.width);
    let head = if sizes.tied { embedding } else { model.matrix(sizes.vocabulary, sizes.width) };
    assert!(model.values.next().is_none());
    x.iter().map(|row| log_softmax(&linear(&rms_norm(row, &norm, epsilon), &head, None))).collect()
}

impl<T: Number> Model<'_, T> {
    fn matrix(&mut self, rows: usize, columns: usize) -> Vec<Row<T>> {
        (0..rows).map(|_| self.values.by_ref().take(columns).collect()).collect()
    }

    fn vector(&mut self, columns: usize) -> Row<T> {
        self.values.by_ref().take(columns).collect()
    }

    fn projection(&mut self, heads: usize) -> (Vec<Row<T>>, Option<Row<T>>) {
        let outputs = heads * self.sizes.head_size;
        (self.matrix(outputs, self.sizes.width), self.sizes.bias.then(|| self.vector(outputs)))
    }

    fn head_norm(&mut self) -> Option<Row<T>> {
        self.sizes.head_norms.then(|| self.vector(self.sizes.head_size))
    }

    fn block(&mut self, x: &mut [Row<T>]) {
        let (width, inner) = (self.sizes.width, self.sizes.inner);
        let (q, k, v) =
            (self.projection(self.sizes.heads), self.projection(self.sizes.key_value_heads), self.projection(self.sizes.key_value_heads));
        let out = self.matrix(width, self.sizes.heads * self.sizes.head_size);
        let (q_norm, k_norm) = (self.head_norm(), self.head_norm());
        let (gate, up, down) = (self.matrix(inner, width), self.matrix(inner, width), self.matrix(width, inner));
        let (norm_1, norm_2) = (self.vector(width), self.vector(width));
        let normal: Vec<Row<T>> = x.iter().map(|row| rms_norm(row, &norm_1, self.epsilon)).collect();
        let project = |(weight, bias): &(Vec<Row<T>>, Option<Row<T>>)| -> Vec<Row<T>> {
            normal.iter().map(|row| linear(row, weight, bias.as_deref())).collect()
        };
        let (q, k, v) = (self.turned(project(&q), q_norm), self.turned(project(&k), k_norm), project(&v));
        for (row, gathered) in x.iter_mut().zip(self.attention(&q, &k, &v)) {
            *row = add(row, &linear(&gathered, &out, None));
        }
        for row in x {
            let normal = rms_norm(row, &norm_2, self.epsilon);
            let (gates, values) = (linear(&normal, &gate, None), linear(&normal, &up, None));
            let passed: Row<T> = gates.iter().zip(&values).map(|(gate, value)| silu(*gate).times(*value)).collect();
            *row = add(row, &linear(&passed, &down, None));
        }
    }

    /// Each head with its norm, then each pair turned.
    fn turned(&self, mut rows: Vec<Row<T>>, norm: Option<Row<T>>) -> Vec<Row<T>> {
        let half = self.sizes.head_size / 2;
        for (t, row) in rows.iter_mut().enumerate() {
            for head in row.chunks_mut(2 * half) {
                if let Some(norm) = &norm {
                    head.copy_from_slice(&rms_norm(head, norm, self.epsilon));
                }
                for i in 0..half {
                    let ((a, b), (cosine, sine)) = ((head[i], head[i + half]), self.turns[t][i]);
                    head[i] = a.times(cosine).minus(b.times(sine));
                    head[i + half] = b.times(cosine).plus(a.times(sine));
                }
            }
        }
        rows
    }

    fn attention(&self, q: &[Row<T>], k: &[Row<T>], v: &[Row<T>]) -> Vec<Row<T>> {
        let size = self.sizes.head_size;
        let scale = T::from(1.0).over(T::from(size as f32).root());
        let mut result = vec![Vec::new(); q.len()];
        for head in 0..self.sizes.heads {
            let shared = head / (self.sizes.heads / self.sizes.key_value_heads);
            for t in 0..q.len() {
                let first = self.sizes.window.map_or(0, |window| (t + 1).saturating_sub(window));
                let mut scores = vec![T::from(f32::NEG_INFINITY); first];
                for row in &k[first..=t] {
                    let mut sum = T::from(0.0);
                    for c in 0..size {
                        sum = q[t][head * size + c].fma(row[shared * size + c], sum);
                    }
                    scores.push(sum.times(scale));
                }
                let shares = softmax(&scores);
                for c in 0..size {
                    let mut sum = T::from(0.0);
                    for j in first..=t {
                        sum = shares[j].fma(v[j][shared * size + c], sum);
                    }
                    result[t].push(sum);
                }
            }
        }
        result
    }
}

fn add<T: Number>(x: &[T], y: &[T]) -> Row<T> {
    x.iter().zip(y).map(|(x, y)| x.plus(*y)).collect()
}

fn silu<T: Number>(x: T) -> T {
    x.over(T::from(1.0).plus(T::from(0.0).minus(x).exponential()))
}

fn linear<T: Number>(x: &[T], weight: &[Row<T>], bias: Option<&[T]>) -> Row<T> {
    let output = |(output, weights): (usize, &Row<T>)| {
        let sum = x.iter().zip(weights).fold(T::from(0.0), |sum, (x, weight)| x.fma(*weight, sum));
        bias.map_or(sum, |bias| sum.plus(bias[output]))
    };
    weight.iter().enumerate().map(output).collect()
}

fn rms_norm<T: Number>(x: &[T], weight: &[T], epsilon: T) -> Row<T> {
    let mean = lanes(x, T::from(0.0), |sum, value| value.fma(value, sum), T::plus).over(T::from(x.len() as f32));
    let scale = T::from(1.0).over(mean.plus(epsilon).root());
    x.iter().zip(weight).map(|(x, weight)| x.times(scale).times(*weight)).collect()
}

fn softmax<T: Number>(x: &[T]) -> Row<T> {
    let most = lanes(x, T::from(f32::NEG_INFINITY), larger, larger);
    let powers: Row<T> = x.iter().map(|value| value.minus(most).exponential()).collect();
    let sum = lanes(&powers, T::from(0.0), T::plus, T::plus);
    powers.iter().map(|power| power.over(sum)).collect()
}

fn log_softmax<T: Number>(x: &[T]) -> Row<T> {
    let most = lanes(x, T::from(f32::NEG_INFINITY), larger, larger);
    let shifted: Row<T> = x.iter().map(|value| value.minus(most)).collect();
    let powers: Row<T> = shifted.iter().map(|value| value.exponential()).collect();
    let total = lanes(&powers, T::from(0.0), T::plus, T::plus).logarithm();
    shifted.iter().map(|value| value.minus(total)).collect()
}

fn larger<T: Number>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// Sixteen lanes from `start`, each taking every sixteenth element, then joined 8-4-2-1.
fn lanes<T: Number>(row: &[T], start: T, take: impl Fn(T, T) -> T, combine: impl Fn(T, T) -> T) -> T {
    let mut lanes = [start; 16];
    for index in 0..row.len().next_multiple_of(16) {
        lanes[index % 16] = take(lanes[index % 16], row.get(index).copied().unwrap_or(start));
    }
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            lanes[lane] = combine(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}
