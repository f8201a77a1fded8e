//! What is given to people who do not compile: for each platform an archive of the three programs, with sums and a bill of materials.

mod bill;
mod pack;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::tools;
use pack::Entry;

/// The programs, each of the package of its name.
const PROGRAMS: [&str; 3] = ["trainer-node", "validator-node", "neuron"];
/// What lies beside them in an archive.
const BESIDE: [&str; 13] = [
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "docs/OPERATING.md",
    "docs/PATCHES.md",
    "docs/json.md",
    "docs/images/page-delta.png",
    "docs/images/page-rounds.png",
    "configs/trainer.toml",
    "configs/trainer-command.toml",
    "configs/validator.toml",
    "configs/networks/sepolia.toml",
    "configs/networks/devnet.toml",
];
/// Platforms: of each the targets that serve it, that one first whose programs run on most machines.
const PLATFORMS: [&[&str]; 4] = [
    &["x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu"],
    &["aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu"],
    &["aarch64-apple-darwin"],
    &["x86_64-apple-darwin"],
];

/// Builds and packs whatever can be built here.
///
/// # Errors
/// When nothing can be, or a file cannot be written.
pub fn run(only: &[String], out: Option<&Path>) -> Result<()> {
    let (target, version) = (tools::target_dir()?, env!("CARGO_PKG_VERSION"));
    let out = out.map_or_else(|| target.join("dist"), Path::to_owned);
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let (installed, mut made, mut not_built) = (installed()?, Vec::new(), Vec::new());
    for platform in PLATFORMS {
        made.extend(
            platform_files(platform, &installed, only, &mut not_built, |triple| one(triple, version, &target, &out))?.into_iter().flatten(),
        );
    }
    not_built.iter().for_each(|line| println!("not built: {line}"));
    ensure!(!made.is_empty(), "nothing was built: the lines above say why");
    let sums = out.join("SHA256SUMS");
    fs::write(&sums, pack::sums(&made)?)?;
    made.iter().chain([&sums]).for_each(|path| println!("{}", path.display()));
    Ok(())
}

/// What comes of the first target of a platform that can be built; why the others are not, or not needed, goes to `not_built`.
fn platform_files<T>(
    platform: &[&str],
    installed: &BTreeSet<String>,
    only: &[String],
    not_built: &mut Vec<String>,
    build: impl Fn(&str) -> Result<T>,
) -> Result<Option<T>> {
    let is_wanted = |triple: &&&str| only.is_empty() || only.iter().any(|wanted| wanted == *triple);
    let mut built = None::<(&str, T)>;
    for triple in platform.iter().filter(is_wanted) {
        if let Some((other, _)) = &built {
            not_built.push(format!("{triple}: {other} serves the same machines"));
        } else if !installed.contains(*triple) {
            not_built.push(format!("{triple}: not installed here (`rustup target add {triple}`)"));
        } else {
            match build(triple) {
                Ok(files) => built = Some((triple, files)),
                Err(error) => not_built.push(format!("{triple}: {error:#}")),
            }
        }
    }
    Ok(built.map(|(_, files)| files))
}

/// Targets whose standard library is here.
fn installed() -> Result<BTreeSet<String>> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).args(["--print", "sysroot"]).current_dir(tools::root()).output().context("rustc does not start")?;
    let folder = Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        if entry.path().join("lib").is_dir() {
            found.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

/// By which variable cargo is told that programs of a target bring their C runtime along; those of musl do so by themselves.
fn static_runtime(triple: &str) -> Option<(String, &'static str)> {
    let name = format!("CARGO_TARGET_{}_RUSTFLAGS", triple.to_uppercase().replace('-', "_"));
    triple.ends_with("-linux-gnu").then_some((name, "-C target-feature=+crt-static"))
}

/// Builds for one target, and packs: the archive and the bill.
fn one(triple: &str, version: &str, target: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let packages = PROGRAMS.map(|program| ["--package", program]).concat();
    let mut build = Command::new(tools::cargo());
    build.args(["build", "--release", "--locked", "--target", triple]).args(packages).envs(static_runtime(triple));
    tools::run_with(&mut build)?;
    let name = format!("neuron-{version}-{triple}");
    let bill = bill::of(&tools::metadata_for(triple)?, version, &PROGRAMS)?;
    let bill = serde_json::to_vec_pretty(&bill)?;
    let mut entries = vec![Entry { path: format!("{name}/{name}.cdx.json"), content: bill.clone(), is_program: false }];
    for program in PROGRAMS {
        let path = target.join(triple).join("release").join(program);
        entries.push(Entry::read(&path, format!("{name}/{program}"), true)?);
    }
    for file in BESIDE {
        entries.push(Entry::read(&tools::root().join(file), format!("{name}/{file}"), false)?);
    }
    let (archive, beside) = (out.join(format!("{name}.tar.gz")), out.join(format!("{name}.cdx.json")));
    pack::write(&archive, &entries)?;
    fs::write(&beside, bill)?;
    Ok(vec![archive, beside])
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn of_each_platform_the_first_target_that_can_be_built_is_and_each_other_is_explained() {
        let platform = ["a-musl", "a-gnu"];
        for (installed, only, fails, built, reasons) in [
            (&["a-musl", "a-gnu"][..], &[][..], "", Some("a-musl"), &["a-gnu: a-musl serves the same machines"][..]),
            (&["a-gnu"], &[], "", Some("a-gnu"), &["a-musl: not installed here (`rustup target add a-musl`)"]),
            (&["a-musl", "a-gnu"], &[], "a-musl", Some("a-gnu"), &["a-musl: no linker"]),
            (&["a-musl", "a-gnu"], &["a-gnu"], "", Some("a-gnu"), &[]),
            (&["a-musl"], &["b"], "", None, &[]),
            (&["a-musl"], &["a-musl"], "a-musl", None, &["a-musl: no linker"]),
        ] {
            let owned = |some: &[&str]| some.iter().map(ToString::to_string).collect::<Vec<_>>();
            let mut told = Vec::new();
            let build = |triple: &str| if triple == fails { bail!("no linker") } else { Ok(triple.to_owned()) };
            let found = platform_files(&platform, &owned(installed).into_iter().collect(), &owned(only), &mut told, build).expect("tried");
            assert_eq!((found.as_deref(), told), (built, owned(reasons)), "{installed:?} {only:?} {fails}");
        }
    }

    #[test]
    fn programs_of_linux_bring_their_runtime_along() {
        for (triple, name) in [
            ("x86_64-unknown-linux-gnu", Some("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS")),
            ("aarch64-unknown-linux-gnu", Some("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS")),
            ("x86_64-unknown-linux-musl", None),
            ("aarch64-apple-darwin", None),
        ] {
            let wanted = name.map(|name| (name.to_owned(), "-C target-feature=+crt-static"));
            assert_eq!(static_runtime(triple), wanted);
        }
    }

    #[test]
    fn what_lies_beside_the_programs_is_there() {
        for file in BESIDE {
            assert!(tools::root().join(file).is_file(), "{file}");
        }
    }
}
