//! The rights of each role, and that none has more than its edges of the topology give it.
#![allow(clippy::disallowed_methods, reason = "the data lie next to the project")]

use super::*;
use expect_test::expect;

fn schedule() -> Topology {
    Topology::with_prefix("night", Some(2)).unwrap()
}

fn may(role: Role, topic: &str, operation: Operation) -> bool {
    let acls = of(&schedule(), role);
    acls.iter()
        .any(|acl| acl.resource == Resource::Topic && acl.name == topic && acl.operations.contains(&operation))
}

#[test]
fn a_role_writes_exactly_the_topics_that_the_topology_says_it_writes() {
    let topology = schedule();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Auditor) {
        for topic in topology.topics() {
            let is_writer = topic.writers.iter().any(|writer| writer == role.in_topology());
            assert_eq!(may(role, &topic.name, Operation::Write), is_writer, "{role} {}", topic.name);
        }
    }
    for topic in topology.topics() {
        assert!(!may(Role::Auditor, &topic.name, Operation::Write), "{}", topic.name);
        assert!(may(Role::Auditor, &topic.name, Operation::Read), "{}", topic.name);
    }
}

#[test]
fn a_role_reads_the_topics_that_the_topology_says_it_reads_and_what_the_log_says_about_itself() {
    let topology = schedule();
    for role in [Role::Client, Role::CommandGateway, Role::CommandProcessor, Role::Materializer] {
        for topic in topology.topics() {
            let is_reader = topic.readers.iter().any(|reader| reader == role.in_topology()) || topic.name == topology.topics.metadata.name;
            assert_eq!(may(role, &topic.name, Operation::Read), is_reader, "{role} {}", topic.name);
        }
    }
}

#[test]
fn only_the_provisioner_creates_and_only_processors_have_a_group_and_transactions() {
    for role in Role::ALL {
        let acls = of(&schedule(), role);
        let creates = acls.iter().any(|acl| acl.operations.contains(&Operation::Create));
        assert_eq!(creates, role == Role::Provisioner, "{role}");
        let transacts = acls.iter().any(|acl| acl.resource == Resource::TransactionalId);
        let joins = acls
            .iter()
            .any(|acl| acl.resource == Resource::Group && acl.operations.contains(&Operation::Read));
        assert_eq!(
            (transacts, joins),
            (role == Role::CommandProcessor, role == Role::CommandProcessor),
            "{role}"
        );
    }
}

#[test]
fn every_role_of_the_topology_has_rights_of_a_principal() {
    let topology = schedule();
    for topic in topology.topics() {
        for named in topic.writers.iter().chain(&topic.readers) {
            assert!(Role::ALL.iter().any(|role| role.in_topology() == named), "{named}");
        }
    }
}

#[test]
fn the_rights_are_arguments_of_kafkas_own_tool() {
    let lines = kafka_acls(Role::CommandProcessor, &of(&schedule(), Role::CommandProcessor));
    expect![[r#"
        --add --allow-principal User:command-processor --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic night.commands
        --add --allow-principal User:command-processor --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic night.events
        --add --allow-principal User:command-processor --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic night.outcomes
        --add --allow-principal User:command-processor --operation Write --operation Describe --operation DescribeConfigs --topic night.dead-letters
        --add --allow-principal User:command-processor --operation Read --operation Write --operation Describe --operation DescribeConfigs --topic night.metadata
        --add --allow-principal User:command-processor --operation Describe --group aerolog-reader
        --add --allow-principal User:command-processor --operation Read --group night-command-processor
        --add --allow-principal User:command-processor --operation Write --operation Describe --transactional-id night-command-processor- --resource-pattern-type prefixed
    "#]]
    .assert_eq(&lines);
}

#[test]
fn the_gateway_has_the_rights_of_a_client_under_its_own_name() {
    assert_eq!(of(&schedule(), Role::CommandGateway), of(&schedule(), Role::Client));
    let lines = kafka_acls(Role::CommandGateway, &of(&schedule(), Role::CommandGateway));
    expect![[r#"
        --add --allow-principal User:command-gateway --operation Write --operation Describe --operation DescribeConfigs --topic night.commands
        --add --allow-principal User:command-gateway --operation Describe --operation DescribeConfigs --topic night.events
        --add --allow-principal User:command-gateway --operation Read --operation Describe --operation DescribeConfigs --topic night.outcomes
        --add --allow-principal User:command-gateway --operation Read --operation Describe --operation DescribeConfigs --topic night.dead-letters
        --add --allow-principal User:command-gateway --operation Read --operation Describe --operation DescribeConfigs --topic night.metadata
        --add --allow-principal User:command-gateway --operation Describe --group aerolog-reader
    "#]]
    .assert_eq(&lines);
}

#[test]
fn the_rights_are_a_user_of_strimzis() {
    let user = strimzi(Role::Materializer, &of(&schedule(), Role::Materializer), "kafka");
    expect![[r#"
        apiVersion: kafka.strimzi.io/v1beta2
        kind: KafkaUser
        metadata:
          name: materializer
          labels:
            strimzi.io/cluster: kafka
        spec:
          authentication:
            type: scram-sha-512
          authorization:
            type: simple
            acls:
              - resource: {type: topic, name: night.commands, patternType: literal}
                operations: [Read, Describe, DescribeConfigs]
              - resource: {type: topic, name: night.events, patternType: literal}
                operations: [Read, Describe, DescribeConfigs]
              - resource: {type: topic, name: night.outcomes, patternType: literal}
                operations: [Describe, DescribeConfigs]
              - resource: {type: topic, name: night.dead-letters, patternType: literal}
                operations: [Describe, DescribeConfigs]
              - resource: {type: topic, name: night.metadata, patternType: literal}
                operations: [Read, Describe, DescribeConfigs]
              - resource: {type: group, name: aerolog-reader, patternType: literal}
                operations: [Describe]
    "#]]
    .assert_eq(&user);
}

/// k8s/ has what `aerolog topics acls --form strimzi` prints.
#[test]
fn the_users_of_the_production_overlay_are_those_of_the_topology() {
    let topology = Topology::with_prefix("schedule", None).unwrap();
    let mut wanted = String::new();
    for role in Role::ALL {
        wanted.push_str("---\n");
        wanted.push_str(&strimzi(role, &of(&topology, role), "kafka"));
    }
    let kept = include_str!("../../../k8s/overlays/production/kafka/users.yaml");
    let kept: String = kept.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        kept, wanted,
        "write it again with `aerolog topics acls --form strimzi`, below its first lines"
    );
}
