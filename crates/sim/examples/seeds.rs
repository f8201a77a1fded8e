//! Runs seeds and says what they came to: `seeds FIRST LAST ROUNDS [calm|KIND…]`; one seed alone is told as a story.

use std::time::Instant;

use sim::{faults::Kind, plan::Plan, story};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, or: u64| words.get(place).map_or(Ok(or), |word| word.parse());
    let (first, last, rounds) = (number(0, 0)?, number(1, 9)?, number(2, 20)?);
    let names = words.get(3..).unwrap_or_default();
    let kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| names.is_empty() || names.contains(&format!("{kind:?}").to_lowercase())).collect();
    let plan = |seed| if kinds.is_empty() { Plan::calm(seed, rounds) } else { Plan::draw(seed, rounds, &kinds) };
    let (started, mut failures) = (Instant::now(), 0);
    for seed in first..=last {
        let report = story::run(&plan(seed))?;
        failures += u64::from(!report.failures.is_empty());
        if first == last {
            let small = story::shrunk(&plan(seed), |plan| story::run(plan).is_ok_and(|report| !report.failures.is_empty()));
            println!("{}", story::tell(&small)?);
        }
        println!("seed {seed}: {report:?}");
    }
    let took_s = started.elapsed().as_secs_f64();
    let all = (last - first + 1) * rounds;
    println!("{} seeds, {all} rounds, {failures} failures, {:.1} rounds/s", last - first + 1, all as f64 / took_s);
    Ok(())
}
