//! The whole door, with scripts of `sh` in the place of people's programs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use evaluator::{Checkpoint, checkpoint_len};
use tempfile::TempDir;
use trainer_node::settings::{Command, Training};

use super::{Order, marked, run};
use crate::tiny::{ROWS, start};

/// Long enough for every script that does not wait to be told; this machine may be busy.
const LONG: Duration = Duration::from_secs(120);
/// Of these a quarter is for saving.
const SHORT: Duration = Duration::from_secs(4);

/// A folder of an owner, with `train.sh` in it, and one of a trainer's group.
struct Stage {
    owner: TempDir,
    group: TempDir,
    cancelled: AtomicBool,
    ends: AtomicBool,
}

impl Stage {
    fn of(script: &str) -> Self {
        let folder = || tempfile::tempdir().expect("a temporary folder");
        let stage = Self { owner: folder(), group: folder(), cancelled: AtomicBool::new(false), ends: AtomicBool::new(false) };
        fs::write(stage.own("train.sh"), script).expect("a script");
        stage
    }

    fn own(&self, name: &str) -> PathBuf {
        self.owner.path().join(name)
    }

    fn runs(&self) -> PathBuf {
        self.group.path().join("command")
    }

    fn settings(&self, more: &str) -> Command {
        let text =
            format!("engine = \"command\"\ncommand = [\"sh\", \"train.sh\", \"an argument\"]\nfolder = {:?}\n{more}", self.owner.path());
        let training: Training = toml::from_str(&text).expect("settings");
        training.check().expect("right");
        training.command().expect("a command").clone()
    }

    fn run_by(&self, command: &Command, time: Duration) -> Result<Checkpoint> {
        let write_set = |place: &Path| {
            fs::create_dir(place)?;
            Ok(fs::write(place.join("rows.csv"), ROWS)?)
        };
        let order = Order {
            command,
            round: 12,
            start: &start(1),
            write_set: &write_set,
            folder: &self.runs(),
            shards: Some(self.owner.path().to_owned()),
            seed: u64::MAX,
            device: "cuda:1".to_owned(),
            until: Instant::now() + time,
            cancelled: &self.cancelled,
            ends: &self.ends,
        };
        run(&order)
    }

    fn run(&self, time: Duration) -> Result<Checkpoint> {
        self.run_by(&self.settings(""), time)
    }

    /// The one line that a run failed with.
    fn failure(&self, time: Duration) -> String {
        let error = node::logging::told(&self.run(time).expect_err("no checkpoint"));
        assert!(!error.contains('\n') && error.chars().all(|letter| !letter.is_control()), "{error:?}");
        error
    }

    /// The number of a process that a script wrote into a file of the owner's folder.
    fn process(&self, name: &str) -> i32 {
        let until = Instant::now() + LONG;
        loop {
            match fs::read_to_string(self.own(name)).ok().and_then(|text| text.trim().parse().ok()) {
                Some(number) => return number,
                None => assert!(Instant::now() < until, "{name} was never written"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether a process still does anything: one that nobody has waited for does not.
fn is_alive(process: i32) -> bool {
    let state = |stat: String| stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    fs::read_to_string(format!("/proc/{process}/stat")).ok().and_then(state).is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// What was killed is gone a moment later.
fn dies(process: i32) -> bool {
    (0..200).any(|_| {
        thread::sleep(Duration::from_millis(20));
        !is_alive(process)
    })
}

#[test]
fn a_command_is_given_base_manifest_set_and_what_else_it_needs_and_what_it_wrote_is_the_result() {
    let stage = Stage::of(
        "echo '{\"step\":1,\"steps\":2,\"loss\":2.5}'; echo \"$1\" > argument; env > seen; pwd > place\n\
         cp \"$NEURON_MANIFEST\" manifest; cp \"$NEURON_SET/rows.csv\" rows; cat > input; cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\n",
    );
    let settings = stage.settings("environment = { MY_RATE = \"0.1\" }");
    assert_eq!(stage.run_by(&settings, LONG).expect("a checkpoint"), start(1));
    let read = |name: &str| fs::read_to_string(stage.own(name)).expect(name);
    assert_eq!((read("argument").as_str(), read("rows").as_str(), read("input").as_str()), ("an argument\n", ROWS, ""));
    assert_eq!(read("manifest").into_bytes(), start(1).manifest().to_bytes());
    assert_eq!(Path::new(read("place").trim()), stage.owner.path().canonicalize().expect("a path"));
    let seen = read("seen");
    let value = |name: &str| seen.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    assert_eq!((value("MY_RATE"), value("NEURON_DEVICE"), value("NEURON_SEED")), ("0.1", "cuda:1", "18446744073709551615"));
    assert!((80..=90).contains(&value("NEURON_SECONDS").parse::<u64>().expect("seconds")), "two minutes less the grace of 30 s");
    for name in ["NEURON_BASE", "NEURON_MANIFEST", "NEURON_SET", "NEURON_SHARDS", "NEURON_OUTPUT"] {
        assert!(Path::new(value(name)).is_absolute(), "{name}");
    }
    assert!(seen.lines().all(|line| !line.starts_with("CARGO")), "nothing else of this program's: {seen}");
    let own = seen.lines().filter(|line| line.starts_with("NEURON_")).count();
    assert_eq!(own, 8);
    let chosen = stage.settings("device = \"mps\"");
    stage.run_by(&chosen, LONG).expect("again");
    assert!(read("seen").contains("\nNEURON_DEVICE=mps\n") || read("seen").starts_with("NEURON_DEVICE=mps\n"));
}

#[test]
fn at_its_time_a_command_is_told_to_save_and_then_its_file_counts_whatever_it_ends_with() {
    for end in ["exit 0", "exit 1", "trap - TERM; kill -TERM $$"] {
        let stage = Stage::of(&format!("trap 'cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"; {end}' TERM\nwhile :; do sleep 0.05; done\n"));
        let began = Instant::now();
        assert_eq!(stage.run(SHORT).expect(end), start(1));
        assert!(began.elapsed() >= SHORT * 3 / 4, "{end}: not before its time");
    }
}

#[test]
fn one_that_does_not_end_is_killed_after_the_grace_with_all_that_it_started() {
    let child = "trap '' TERM; echo $$ >";
    let stage = Stage::of(&format!(
        "trap '' TERM\ncp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\necho $$ > one\nsh -c \"{} two; sleep 300\" &\n\
         sh -c \"{} three; sleep 300\" & exec sleep 300\n",
        child.replace('$', "\\$"),
        child.replace('$', "\\$"),
    ));
    let began = Instant::now();
    let error = stage.failure(SHORT);
    // A quarter of what was left when it was started.
    let grace_s = error.split_once("did not end within ").and_then(|(_, rest)| rest.split_once(" s after SIGTERM and was killed"));
    let grace_s: f64 = grace_s.expect("its grace").0.parse().expect("seconds");
    assert!((0.5..=1.0).contains(&grace_s) && error.contains("grace_s") && error.contains("no commit"), "{error}");
    assert!(began.elapsed() >= SHORT, "it had all its grace");
    for name in ["one", "two", "three"] {
        assert!(dies(stage.process(name)), "{name}");
    }
}

#[test]
fn what_a_command_leaves_behind_is_ended_with_it() {
    let stage = Stage::of(
        "sh -c 'echo $$ > child; sleep 300' &\nuntil test -s child; do sleep 0.05; done; cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\n",
    );
    stage.run(LONG).expect("a checkpoint");
    assert!(dies(stage.process("child")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_child_with_a_session_of_its_own_is_ended_too_and_so_is_what_a_killed_program_left_running() {
    let leave = "setsid sh -c 'echo $$ > child; exec sleep 300' &\nuntil test -s child; do sleep 0.05; done\n";
    let stage = Stage::of(&format!("{leave}cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\n"));
    stage.run(LONG).expect("a checkpoint");
    assert!(dies(stage.process("child")));
    let output = stage.runs().canonicalize().expect("a path").join("3.1/output.safetensors");
    let mut left = std::process::Command::new("sleep").arg("300").env(marked::OUTPUT, output).spawn().expect("started");
    let mut other = std::process::Command::new("sleep").arg("300").env(marked::OUTPUT, "/elsewhere/3.1/x").spawn().expect("started");
    stage.run(LONG).expect("again");
    assert!(dies(left.id() as i32) && is_alive(other.id() as i32), "only what is this group's");
    for child in [&mut left, &mut other] {
        let _ = child.kill();
        child.wait().expect("ended");
    }
}

#[test]
fn whoever_keeps_the_pipes_open_holds_nobody_up() {
    let stage = Stage::of(
        "env -i PATH=\"$PATH\" setsid sh -c 'echo $$ > child; exec sleep 300' &\nuntil test -s child; do sleep 0.05; done\n\
         cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\n",
    );
    let began = Instant::now();
    stage.run(LONG).expect("a checkpoint");
    assert!(began.elapsed() < LONG / 2);
    let child = rustix::process::Pid::from_raw(stage.process("child")).expect("a number");
    rustix::process::kill_process(child, rustix::process::Signal::KILL).expect("it has hidden itself well");
}

#[test]
fn a_crash_is_told_with_its_code_or_signal_and_where_its_last_words_lie() {
    for (script, told) in [
        ("cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"; echo 'ValueError: no \x1b[31mrows' >&2; exit 3", "ended with exit code 3"),
        ("echo 'ValueError: no \x1b[31mrows' >&2; kill -SEGV $$", "was ended by signal 11"),
        ("echo 'ValueError: no \x1b[31mrows' >&2; kill -TERM $$", "was ended by signal 15"),
    ] {
        let stage = Stage::of(&format!("echo '{{\"step\":7,\"loss\":1}}'\n{script}\n"));
        let error = stage.failure(LONG);
        assert!(error.contains(told) && error.contains("after 7 steps") && error.contains("ValueError: no \\u{1b}[31mrows"), "{error}");
        let log = stage.runs().canonicalize().expect("a path").join("12.1/standard-error.log");
        assert!(error.contains(&log.display().to_string()) && fs::read_to_string(log).expect("the log").contains("rows"), "{error}");
    }
}

#[test]
fn a_few_other_lines_do_no_harm_and_a_megabyte_of_them_ends_the_command() {
    let few = Stage::of("echo hello; printf '\\377\\376\\n'; cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\n");
    few.run(LONG).expect("a checkpoint");
    for garbage in ["head -c 3000000 /dev/zero | tr '\\0' x; exec sleep 300", "exec yes", "head -c 3000000 /dev/zero"] {
        let stage = Stage::of(&format!("cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"; {garbage}\n"));
        let began = Instant::now();
        let error = stage.failure(LONG);
        assert!(error.contains("1048576 bytes to standard output") && error.len() < 500 && !error.contains("xx"), "{error}");
        assert!(began.elapsed() < LONG / 2, "{garbage}: at once");
    }
}

#[test]
fn what_is_no_checkpoint_of_the_group_is_refused_with_the_reason_and_never_read_beyond_its_length() {
    let good = start(1).to_bytes();
    let ending = |value: f32| [&good[..good.len() - 4], &value.to_le_bytes()].concat();
    let mut header = good.clone();
    header[20] ^= 1;
    let length = checkpoint_len(start(1).manifest());
    let wrote = |bytes: u64| format!("it wrote {bytes} bytes where a checkpoint of this group has {length}");
    for (bytes, make, told) in [
        (ending(16.0), "cp given \"$NEURON_OUTPUT\"", None),
        (vec![], "true", Some("wrote no file to NEURON_OUTPUT".to_owned())),
        (vec![], "mkdir \"$NEURON_OUTPUT\"", Some("is no file".to_owned())),
        (vec![], "mkfifo \"$NEURON_OUTPUT\"", Some("is no file".to_owned())),
        (vec![], "cp given \"$NEURON_OUTPUT\"", Some(wrote(0))),
        (good[..good.len() - 1].to_vec(), "cp given \"$NEURON_OUTPUT\"", Some(wrote(length - 1))),
        ([&good[..], b"x"].concat(), "cp given \"$NEURON_OUTPUT\"", Some(wrote(length + 1))),
        (vec![], "truncate -s 100G \"$NEURON_OUTPUT\"", Some(wrote(100 << 30))),
        (header, "cp given \"$NEURON_OUTPUT\"", Some("the header differs".to_owned())),
        (ending(f32::NAN), "cp given \"$NEURON_OUTPUT\"", Some("not finite".to_owned())),
        (ending(f32::NEG_INFINITY), "cp given \"$NEURON_OUTPUT\"", Some("not finite".to_owned())),
        (ending(-16.1), "cp given \"$NEURON_OUTPUT\"", Some("above weight_max".to_owned())),
    ] {
        let stage = Stage::of(&format!("{make}\n"));
        fs::write(stage.own("given"), &bytes).expect("written");
        match told {
            None => assert_eq!(stage.run(LONG).expect("the greatest weight").to_bytes(), bytes),
            Some(told) => {
                let error = stage.failure(LONG);
                assert!(error.contains(&told) && error.contains("no commit"), "{make}: {error}");
            }
        }
    }
}

#[test]
fn a_run_of_no_use_any_more_is_ended_within_seconds_though_the_command_does_not_listen() {
    for (listens, reason) in [(true, "cancelled"), (false, "cancelled"), (true, "stopped"), (false, "stopped")] {
        let trap = if listens { "" } else { "trap '' TERM; " };
        let stage = Stage::of(&format!("{trap}cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"; echo $$ > one\nwhile :; do sleep 0.05; done\n"));
        let error = thread::scope(|scope| {
            let failure = scope.spawn(|| stage.failure(LONG));
            stage.process("one");
            let flag = if reason == "cancelled" { &stage.cancelled } else { &stage.ends };
            flag.store(true, Ordering::Relaxed);
            let asked = Instant::now();
            let error = failure.join().expect("a failure");
            assert!(asked.elapsed() < Duration::from_secs(if listens { 10 } else { 20 }), "{:?}", asked.elapsed());
            error
        });
        assert!(error.contains(reason) && dies(stage.process("one")), "{error}");
    }
}

#[test]
fn without_time_or_a_program_that_the_system_runs_nothing_is_started() {
    let stage = Stage::of("echo started > started\n");
    assert!(stage.failure(Duration::from_millis(900)).contains("no time was left"));
    assert!(!stage.runs().exists(), "nor is anything written");
    fs::write(stage.own("train"), "no program").expect("written");
    fs::set_permissions(stage.own("train"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
    for (program, told) in [("./train", "cannot be started"), ("./train.sh", "chmod +x"), ("./none", "there is no program")] {
        let mut settings = stage.settings("");
        settings.command = vec![program.to_owned()];
        let error = format!("{:#}", stage.run_by(&settings, LONG).expect_err(program));
        assert!(error.contains(told), "{error}");
    }
    assert!(!stage.own("started").exists());
}

#[test]
fn of_a_run_only_its_standard_error_stays_and_of_many_runs_the_last_eight() {
    let stage = Stage::of("echo words >&2; cp \"$NEURON_BASE\" \"$NEURON_OUTPUT\"\n");
    (0..11).for_each(|_| drop(stage.run(LONG).expect("a checkpoint")));
    let names = |folder: &Path| {
        let mut names: Vec<String> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("one").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    };
    let runs: Vec<String> = (4..=11).map(|number| format!("12.{number}")).collect();
    let mut found = names(&stage.runs());
    found.sort_by_key(|name| name.len());
    assert_eq!(found, runs);
    assert!(runs.iter().all(|run| names(&stage.runs().join(run)) == ["standard-error.log"]));
}
