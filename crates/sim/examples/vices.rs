//! Plays a vice, or `all`, in calm networks and tells what everybody gained: `vices VICE FIRST LAST ROUNDS [story]`.

use std::collections::BTreeMap;

use sim::{adversaries, people, plan::Plan, trace::Trace, vice::Vice, world::World};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, or: u64| words.get(place).map_or(Ok(or), |word| word.parse());
    let wanted = words.first().map_or("", String::as_str);
    let (first, last, rounds) = (number(1, 0)?, number(2, 2)?, number(3, 12)?);
    for vice in Vice::ALL.iter().filter(|vice| wanted == "all" || format!("{vice:?}").to_lowercase() == wanted) {
        for seed in first..=last {
            let plan = Plan { vices: vec![*vice], ..Plan::calm(seed, rounds) };
            let mut world = World::new(plan, Trace::keeping(), adversaries::of, people::of)?;
            world.run()?;
            let report = world.report();
            if words.len() > 4 {
                world.trace().kept().iter().for_each(|line| print!("{line}"));
            }
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            for event in world.events() {
                *counts.entry(format!("{event:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect()).or_default() += 1;
            }
            println!("{vice:?} {seed}: {report:?}\n  {counts:?}");
            for fortune in world.fortunes()? {
                println!("  {:>16}: {:+.4} NRN", fortune.name, fortune.gain() as f64 / 1e18);
            }
        }
    }
    Ok(())
}
