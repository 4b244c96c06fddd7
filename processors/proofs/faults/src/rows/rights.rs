//! Rights that a processor loses while it works: it says which, tries again after pauses, and goes on once they are granted again.

use crate::kafka::tool;
use crate::rows::brokers::free_ports;
use crate::rows::{Needs, Row};
use crate::{Ground, Scene, Services, Shape};
use end_to_end::{Cluster, binary, within};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

pub(super) const ROWS: &[Row] = &[
    Row {
        number: 66,
        name: "rights-to-write-revoked",
        what: "the processor's principal loses its right to write outcomes, then events: partitions stop with the reason, and go on by themselves once it is granted again",
        needs: Needs::BrokerOfItsOwn,
        run: rights_to_write_revoked,
    },
    Row {
        number: 66,
        name: "rights-of-the-member-revoked",
        what: "the same for its group, its transactional id and the commands: not ready with the reason, and ready by itself once it is granted again",
        needs: Needs::BrokerOfItsOwn,
        run: rights_of_the_member_revoked,
    },
];

const PARTITIONS: u32 = 4;
const PRINCIPAL: &str = "command-processor";
const PASSWORD: &str = "of-a-test";
const SAID_WITHIN: Duration = Duration::from_secs(60);
/// A stopped partition is tried again after 60 s at the latest.
const HEALED_WITHIN: Duration = Duration::from_secs(120);
/// How long attempts are counted.
const COUNTED: Duration = Duration::from_secs(20);
/// A stopped partition is tried again after 5 s and after 10 s more, and a batch of several partitions is halved first until it is known which of
/// them is refused. Full speed would be hundreds.
const ATTEMPTS_MAX: f64 = 20.0;

/// A broker that asks processors who they are and denies what no ACL allows. The row itself comes in by another listener, as an administrator.
struct Guarded {
    services: Services,
    processors: String,
}

impl Guarded {
    fn start(ground: &Ground) -> (Self, Ground) {
        let [own, processors, controller] = free_ports();
        let services = Services::in_directory(&ground.folder().join("broker"));
        let properties = [
            format!("listeners=PLAINTEXT://127.0.0.1:{own},SASL_PLAINTEXT://127.0.0.1:{processors},CONTROLLER://127.0.0.1:{controller}"),
            format!("advertised.listeners=PLAINTEXT://127.0.0.1:{own},SASL_PLAINTEXT://127.0.0.1:{processors}"),
            format!("controller.quorum.voters=1@127.0.0.1:{controller}"),
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
            "listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN".to_owned(),
            format!(
                "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
                 user_{PRINCIPAL}=\"{PASSWORD}\";"
            ),
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
            "allow.everyone.if.no.acl.found=false".to_owned(),
            "super.users=User:ANONYMOUS".to_owned(),
        ];
        let own_port = own.to_string();
        let mut arguments = vec!["start", "--registry-memory", "--kafka-port", &own_port];
        arguments.extend(properties.iter().flat_map(|property| ["--property", property.as_str()]));
        services.run(&arguments);
        let cluster = Cluster {
            brokers: services.brokers(),
            registry: ground.cluster().registry.clone(),
        };
        let processors = format!("127.0.0.1:{processors}");
        (Self { services, processors }, ground.on(cluster))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.services.run(&["stop"]);
    }
}

/// A processor with exactly the rights that `aerolog topics acls` prints, under load.
fn begin<'g>(ground: &'g Ground, guarded: &Guarded, name: &str) -> Scene<'g> {
    let mut scene = Scene::begin(ground, name, PARTITIONS);
    let printed = Command::new(binary("aerolog"))
        .args(["topics", "acls", "--role", PRINCIPAL, "--topic-prefix", scene.schedule.name()])
        .output()
        .unwrap();
    assert!(printed.status.success(), "{printed:?}");
    for line in String::from_utf8_lossy(&printed.stdout).lines() {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        tool(ground.cluster(), &[&["acls"], &arguments[..]].concat());
    }
    start(&mut scene, guarded);
    scene.fleet.wait_until_ready("one");
    scene.load(Shape::default());
    scene.progress(200);
    scene
}

fn start(scene: &mut Scene<'_>, guarded: &Guarded) {
    let password: PathBuf = scene.ground.folder().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", guarded.processors.as_str()),
        ("AEROLOG_KAFKA__SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
        ("AEROLOG_KAFKA__SASL_MECHANISM", "PLAIN"),
        ("AEROLOG_KAFKA__SASL_USERNAME", PRINCIPAL),
        ("AEROLOG_KAFKA__SASL_PASSWORD_FILE", password.to_str().unwrap()),
    ];
    scene.start_processor("one", &variables);
}

/// One right of the processor's, as arguments of Kafka's tool.
struct Right(Vec<String>);

impl Right {
    fn to(operation: &str, resource: [&str; 2]) -> Self {
        let words = ["--allow-principal", "User:command-processor", "--operation", operation];
        Self(words.into_iter().chain(resource).map(str::to_owned).collect())
    }

    fn change(&self, ground: &Ground, how: &[&str]) {
        let words: Vec<&str> = self.0.iter().map(String::as_str).collect();
        tool(ground.cluster(), &[&["acls"], how, &words[..]].concat());
    }

    fn revoke(&self, ground: &Ground) {
        self.change(ground, &["--remove", "--force"]);
    }

    fn grant(&self, ground: &Ground) {
        self.change(ground, &["--add"]);
    }
}

/// The process is not ready and says all of these words.
fn says(scene: &mut Scene<'_>, words: &[&str]) {
    let said = scene.fleet.wait_until_it_says("one", SAID_WITHIN, words);
    scene.ground.tell(&said);
    assert!(!scene.fleet.program("one").is_ready() && !scene.fleet.program("one").is_dead());
}

/// What is counted of transactions that were tried for nothing, of producers and of consumers that were replaced.
fn counted(scene: &mut Scene<'_>) -> [f64; 3] {
    let program = scene.fleet.program("one");
    let of = |kind: &str| program.metric(&format!("aerolog_troubles_total{{kind=\"{kind}\"}}"));
    let transactions = of("transaction_aborted") + of("transaction_in_doubt");
    [transactions, of("producer_renewed"), of("consumer_renewed")]
}

fn are_few(scene: &mut Scene<'_>) {
    let before = counted(scene);
    scene.pass(COUNTED);
    let now = counted(scene);
    let [transactions, producers, consumers] = [0, 1, 2].map(|index| now[index] - before[index]);
    // Most attempts cost a transaction and its producer: they are counted once.
    let tried = transactions.max(producers) + consumers;
    scene.ground.tell(&format!("{tried} attempts in {} s", COUNTED.as_secs()));
    assert!(tried <= ATTEMPTS_MAX, "{tried} attempts in {} s", COUNTED.as_secs());
}

fn heals(scene: &mut Scene<'_>) {
    let took = within(HEALED_WITHIN, "the processor is ready again", || {
        scene.fleet.check_running();
        let program = scene.fleet.program("one");
        program.is_ready() && program.metric("aerolog_partitions_stopped") < 0.5
    });
    scene.ground.tell(&format!("ready again after {:.0} s", took.as_secs_f64()));
    scene.progress(100);
}

fn rights_to_write_revoked(ground: &Ground) {
    let (guarded, ground) = Guarded::start(ground);
    let mut scene = begin(&ground, &guarded, "rights-to-write");
    let topics = scene.schedule.topology().topics.clone();
    for topic in [&topics.outcomes.name, &topics.events.name] {
        let right = Right::to("Write", ["--topic", topic]);
        right.revoke(&ground);
        says(
            &mut scene,
            &["is stopped", topic, "TopicAuthorizationFailed", "an ACL of the cluster denies it"],
        );
        assert!(scene.fleet.program("one").metric("aerolog_partitions_stopped") > 0.5);
        are_few(&mut scene);
        right.grant(&ground);
        heals(&mut scene);
    }
    scene.finish();
}

fn rights_of_the_member_revoked(ground: &Ground) {
    let (guarded, ground) = Guarded::start(ground);
    let mut scene = begin(&ground, &guarded, "rights-of-the-member");
    let commands = scene.schedule.topology().topics.commands.name.clone();
    let group = scene.schedule.topology().processors_group();
    let ids = format!("{group}-");
    let of_ids = ["--transactional-id", ids.as_str()];
    let mut prefixed = Right::to("Write", of_ids);
    prefixed.0.extend(["--resource-pattern-type", "prefixed"].map(str::to_owned));
    let rights = [
        (Right::to("Read", ["--group", &group]), "GroupAuthorizationFailed"),
        (prefixed, "TransactionalIdAuthorizationFailed"),
        (Right::to("Read", ["--topic", &commands]), "TopicAuthorizationFailed"),
    ];
    for (right, said) in rights {
        for is_restarted in [false, true] {
            right.revoke(&ground);
            if is_restarted {
                scene.fleet.stop("one");
                start(&mut scene, &guarded);
            }
            says(&mut scene, &[said, "an ACL of the cluster denies it"]);
            are_few(&mut scene);
            right.grant(&ground);
            heals(&mut scene);
        }
    }
    scene.finish();
}
