//! Attention: against plain loops, and by tiles of any size.

use super::*;

fn plain_attention(qkv: &[f32], (rows, window): (usize, usize), width: usize, start: usize, size: usize, scale: f32) -> Vec<f32> {
    let mut result = Vec::new();
    for row in 0..rows {
        let query = &qkv[row * 3 * width + start..][..size];
        let first = (row + 1).saturating_sub(window);
        let scores: Vec<f32> = (0..=row)
            .map(|other| {
                if other < first {
                    return f32::NEG_INFINITY;
                }
                let key = &qkv[other * 3 * width + width + start..][..size];
                query.iter().zip(key).fold(0.0_f32, |sum, (query, key)| query.mul_add(*key, sum)) * scale
            })
            .collect();
        let most = plain_lanes(&scores, f32::NEG_INFINITY, larger, larger);
        let powers: Vec<f32> = scores.iter().map(|score| exp(score - most)).collect();
        let sum = plain_lanes(&powers, 0.0, |a, b| a + b, |a, b| a + b);
        for index in 0..size {
            let value = |other: usize| qkv[other * 3 * width + 2 * width + start + index];
            let seen = powers.iter().enumerate().skip(first);
            result.push(seen.fold(0.0_f32, |total, (other, power)| (power / sum).mul_add(value(other), total)));
        }
    }
    result
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn attention_equals_the_plain_loops(
        rows in 1_usize..70, window in 1_usize..90, size in 1_usize..40, heads in 1_usize..4, gap in 0_usize..20, seed: u64, extremes: bool,
    ) {
        let width = size * heads;
        let (stride, scale) = (3 * width + gap, 1.0 / (size as f32).sqrt());
        let qkv = values(rows * 3 * width, seed, extremes);
        let window = if window < 70 { window } else { usize::MAX };
        for (isa, kernels) in every() {
            let mut spread = spread(&qkv, rows, 3 * width, stride);
            let mut scratch = vec![f32::NAN; scratch_len(rows, size)];
            for start in (0..width).step_by(size) {
                let places = [start, width + start, 2 * width + start];
                kernels.attention(&mut spread, Head { rows, from: 0, stride, places, size, scale, window }, &mut scratch);
                let expected = plain_attention(&qkv, (rows, window), width, start, size, scale);
                let found: Vec<f32> = spread.chunks(stride).flat_map(|row| row[start..start + size].to_vec()).collect();
                prop_assert_eq!(bits(&found), bits(&expected), "{} head at {}", isa, start);
            }
            let untouched: Vec<f32> = spread.chunks(stride).flat_map(|row| row[width..3 * width].to_vec()).collect();
            let before: Vec<f32> = qkv.chunks(3 * width).flat_map(|row| row[width..].to_vec()).collect();
            prop_assert_eq!(bits(&untouched), bits(&before));
        }
    }

    #[test]
    fn rows_that_gather_alone_have_the_bits_of_all_together(
        rows in 1_usize..70, from in 0_usize..70, window in 1_usize..90, size in 1_usize..40, seed: u64,
    ) {
        let (stride, scale, from) = (3 * size, 1.0 / (size as f32).sqrt(), from % rows);
        let window = if window < 70 { window } else { usize::MAX };
        let head = Head { rows, from: 0, stride, places: [0, size, 2 * size], size, scale, window };
        for (isa, kernels) in every() {
            let mut all = values(rows * stride, seed, false);
            let mut last = all.clone();
            kernels.attention(&mut all, head, &mut vec![f32::NAN; scratch_len(rows, size)]);
            // Of rows that do not gather only keys and values are there.
            last.chunks_mut(stride).take(from).for_each(|row| row[..size].fill(f32::NAN));
            kernels.attention(&mut last, Head { from, ..head }, &mut vec![f32::NAN; scratch_len(rows, size)]);
            prop_assert_eq!(bits(&last[from * stride..]), bits(&all[from * stride..]), "{}", isa);
        }
    }

    #[test]
    fn tiles_of_any_size_give_the_same_attention_and_the_same_gradients(
        rows in 1_usize..70, window in 1_usize..90, size in 1_usize..40, goes_on: bool, seed: u64,
    ) {
        let (stride, scale) = (3 * size, 1.0 / (size as f32).sqrt());
        let head = Head { rows, from: 0, stride, places: [0, size, 2 * size], size, scale, window: if window < 70 { window } else { usize::MAX } };
        let (before, pulls) = (values(rows * stride, seed, false), values(rows * size, seed ^ 1, false));
        let run = |attend: fn(&mut [f32], Head, &mut [f32]), back: fn(Gathering<'_>, &mut [f32], &mut [f32])| {
            let (mut gathered, mut gradients) = (before.clone(), values(rows * stride, seed ^ 2, false));
            attend(&mut gathered, head, &mut vec![f32::NAN; scratch_len(rows, size)]);
            let (queries, pulls) = (Matrix::new(&before, rows, size, stride), Matrix::new(&pulls, rows, size, size));
            let from = Gathering { queries, values: &gathered, pulls, head, goes_on };
            back(from, &mut gradients, &mut vec![f32::NAN; back_len(rows, size)]);
            [bits(&gathered), bits(&gradients)]
        };
        let expected = run(attention::attention::<portable::Portable, 1, 1>, attention_back::attention_back::<portable::Portable, 1, 1>);
        let found = run(attention::attention::<portable::Portable, 6, 1>, attention_back::attention_back::<portable::Portable, 6, 1>);
        prop_assert_eq!(&found, &expected);
        let found = run(attention::attention::<portable::Portable, 12, 2>, attention_back::attention_back::<portable::Portable, 12, 2>);
        prop_assert_eq!(&found, &expected);
    }
}
