//! The image and the two nodes of compose.yml: read as text, and by docker's own tools where they are.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

use clap::Parser as _;
use yaml_rust2::{Yaml, YamlLoader};

const CONFIG: &str = "/etc/neuron/";
const INSTRUCTIONS: [&str; 10] = ["FROM", "WORKDIR", "RUN", "COPY", "USER", "VOLUME", "HEALTHCHECK", "CMD", "ENTRYPOINT", "EXPOSE"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Instructions and their arguments.
fn dockerfile() -> Vec<(String, Vec<String>)> {
    let text = text("Dockerfile").replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once(' ').expect(line))
        .map(|(name, rest)| (name.to_owned(), rest.split_whitespace().map(str::to_owned).collect()))
        .collect()
}

fn compose() -> Yaml {
    YamlLoader::load_from_str(&text("compose.yml")).expect("YAML").remove(0)
}

/// A key of a service, its own or that of all nodes.
fn of<'a>(service: &'a Yaml, key: &str) -> &'a Yaml {
    if service[key].is_badvalue() { &service["<<"][key] } else { &service[key] }
}

fn words(list: &Yaml) -> Vec<&str> {
    list.as_vec().expect("a list").iter().map(|word| word.as_str().expect("a word")).collect()
}

#[test]
fn the_image_is_built_from_what_is_here_and_runs_without_root() {
    let lines = dockerfile();
    for (name, _) in &lines {
        assert!(INSTRUCTIONS.contains(&name.as_str()), "{name} is no instruction");
    }
    let all = |wanted: &str| lines.iter().filter(|(name, _)| name == wanted).map(|(_, words)| words.clone()).collect::<Vec<_>>();
    for image in all("FROM") {
        let tag = image[0].split_once(':').map(|(_, tag)| tag);
        assert!(tag.is_some_and(|tag| tag != "latest"), "{image:?} names no version");
    }
    let stage = all("FROM")[0].last().cloned().expect("a name");
    let built: BTreeSet<String> =
        all("RUN").into_iter().filter(|words| words.starts_with(&["cargo".into(), "build".into()])).flatten().collect();
    for words in all("COPY") {
        let (flags, paths): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.starts_with("--"));
        let sources = &paths[..paths.len() - 1];
        let from = flags.iter().find_map(|flag| flag.strip_prefix("--from="));
        assert!(from.is_none_or(|from| from == stage), "{words:?}");
        for source in sources {
            let is_there = match from {
                Some(_) => built.contains(source.rsplit('/').next().expect("a name")),
                None => root().join(source).exists(),
            };
            assert!(is_there, "{source} of {words:?}");
        }
    }
    for package in built.iter().filter(|word| !word.starts_with("--") && !["cargo", "build"].contains(&word.as_str())) {
        let is_there = ["", "crates/"].iter().any(|folder| root().join(folder).join(package).join("Cargo.toml").exists());
        assert!(is_there, "no package {package}");
    }
    let user = all("USER").last().expect("a user")[0].clone();
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user} is root, or has no number");
    assert!(all("HEALTHCHECK")[0].iter().any(|word| word.contains("neuron-health")));
}

#[test]
fn each_node_of_compose_has_what_its_settings_name_and_no_more_rights_than_it_needs() {
    let file = compose();
    let services = file["services"].as_hash().expect("services");
    assert_eq!(services.len(), 2);
    for (name, service) in services {
        let name = name.as_str().expect("a name");
        assert_eq!((words(of(service, "cap_drop")), of(service, "read_only").as_bool()), (vec!["ALL"], Some(true)), "{name}");
        assert!(words(of(service, "security_opt")).contains(&"no-new-privileges:true"), "{name}");
        assert!(of(service, "privileged").is_badvalue() && of(service, "network_mode").is_badvalue(), "{name}");
        let command = words(of(service, "command"));
        let config = match name {
            "trainer" => trainer_node::Arguments::try_parse_from(&command).map(|arguments| arguments.config),
            _ => validator_node::Arguments::try_parse_from(&command).map(|arguments| arguments.config),
        }
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        let mounts: Vec<Vec<&str>> = words(of(service, "volumes")).iter().map(|mount| mount.split(':').collect()).collect();
        let here = mounts.iter().find(|mount| Path::new(mount[1]) == config).expect("the settings are mounted")[0];
        let path = root().join(here);
        let node = match name {
            "trainer" => trainer_node::config::load(&path).map(|config| config.node),
            _ => validator_node::config::load(&path).map(|config| config.node),
        }
        .unwrap_or_else(|error| panic!("{name}: {error:#}"));
        // In the container the settings lie elsewhere.
        let network = Path::new(CONFIG).join(node.network.file_name().expect("a name"));
        assert!(mounts.iter().any(|mount| Path::new(mount[1]) == network && mount.get(2) == Some(&"ro")), "{name}: {}", network.display());
        let data = mounts.iter().find(|mount| Path::new(mount[1]) == node.data).expect("the data folder lasts")[0];
        assert!(!file["volumes"][data].is_badvalue(), "{name}: {data}");
        let secrets = words(of(service, "secrets"));
        for path in [&node.keystore, node.password_file.as_ref().expect("a password")] {
            let secret = path.strip_prefix("/run/secrets").expect("a secret").to_str().expect("a name");
            assert!(secrets.contains(&secret) && file["secrets"][secret]["file"].as_str().is_some(), "{name}: {secret}");
        }
        for port in words(of(service, "ports")) {
            let (port, kind) = port.split_once(':').and_then(|(_, inner)| inner.split_once('/')).expect("a port");
            assert!(node.listen.iter().any(|address| address.contains(&format!("/{kind}/{port}"))), "{name}: {port}/{kind}");
        }
    }
}

#[test]
fn a_container_is_healthy_as_long_as_its_node_answers() {
    let script = root().join("configs/containers/health.sh");
    let check = |address: &str| Command::new("bash").arg(&script).arg(address).output();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    for (answer, is_healthy) in
        [("HTTP/1.1 200 OK", true), ("HTTP/1.1 404 Not Found", false), ("HTTP/1.1 503 Service Unavailable", false), ("", false)]
    {
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut line, _) = listener.accept().expect("a connection");
                // Bash sends a line at a time; what is left unread would break the answer off.
                let (mut asked, mut byte) = (Vec::new(), [0]);
                while !asked.ends_with(b"\r\n\r\n") && line.read(&mut byte).is_ok_and(|read| read == 1) {
                    asked.extend(byte);
                }
                let asked = String::from_utf8_lossy(&asked).into_owned();
                assert!(asked.starts_with("GET /health HTTP/1.1\r\n") && asked.contains(&format!("Host: {address}\r\n")), "{asked}");
                write!(line, "{answer}\r\n\r\n").expect("answered");
            });
            assert_eq!(check(&address).expect("bash").status.success(), is_healthy, "{answer}");
        });
    }
    drop(listener);
    assert!(!check(&address).expect("bash").status.success(), "nobody answers");
}

#[test]
fn tools_for_containers_and_alerts_find_nothing_where_they_are() {
    for (tool, is_there, arguments) in [
        (&["hadolint"][..], &["--version"][..], &["Dockerfile"][..]),
        (&["promtool"], &["--version"], &["check", "rules", "configs/observe/alerts.yml"]),
        (&["docker", "compose"], &["version"], &["--file", "compose.yml", "config", "--quiet"]),
    ] {
        let run = |more: &[&str]| Command::new(tool[0]).args(&tool[1..]).args(more).current_dir(root()).output();
        if !run(is_there).is_ok_and(|output| output.status.success()) {
            eprintln!("not checked: there is no {} here", tool.join(" "));
            continue;
        }
        let Output { status, stdout, stderr } = run(arguments).expect("it starts");
        assert!(status.success(), "{tool:?}: {}", String::from_utf8_lossy(&[stdout, stderr].concat()));
    }
}
