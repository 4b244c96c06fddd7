//! The rights of each role in Kafka, and no others: derived from who writes and reads each topic, and from what its program asks of a cluster.

use crate::Topology;
use serde::Serialize;
use std::fmt;

/// What readers without a group call it: librdkafka looks for the coordinator of the name that it is given, though none is ever joined, and takes a
/// refusal for the end.
pub const READERS_GROUP: &str = "aerolog-reader";

/// Something that connects to Kafka with rights of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sends commands and reads what became of them, with any client.
    Client,
    /// Does what a client does, for clients that speak HTTP.
    CommandGateway,
    CommandProcessor,
    Materializer,
    /// Creates topics and registers schemas.
    Provisioner,
    /// Reads everything, and changes nothing.
    Auditor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Operation {
    Read,
    Write,
    Create,
    Describe,
    DescribeConfigs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    Topic,
    Group,
    TransactionalId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    Literal,
    Prefixed,
}

/// One resource, and all that a role may do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Acl {
    pub resource: Resource,
    pub name: String,
    pub pattern: Pattern,
    pub operations: Vec<Operation>,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::Client,
        Self::CommandGateway,
        Self::CommandProcessor,
        Self::Materializer,
        Self::Provisioner,
        Self::Auditor,
    ];

    /// Also the name of its principal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::CommandGateway => "command-gateway",
            Self::CommandProcessor => "command-processor",
            Self::Materializer => "materializer",
            Self::Provisioner => "provisioner",
            Self::Auditor => "auditor",
        }
    }

    /// What the topology calls it among the writers and readers of a topic.
    fn in_topology(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::CommandGateway => "command-gateway",
            Self::CommandProcessor => "command-processor",
            Self::Materializer => "materializer",
            Self::Provisioner => "aerolog",
            Self::Auditor => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The rights of a role, in the order in which data flows.
pub fn of(topology: &Topology, role: Role) -> Vec<Acl> {
    let mut acls: Vec<Acl> = topology.topics().map(|topic| of_topic(topology, role, &topic.name)).to_vec();
    acls.push(acl(Resource::Group, READERS_GROUP, Pattern::Literal, vec![Operation::Describe]));
    let group = topology.processors_group();
    match role {
        Role::CommandProcessor => {
            acls.push(acl(Resource::Group, &group, Pattern::Literal, vec![Operation::Read]));
            let ids = format!("{group}-");
            acls.push(acl(
                Resource::TransactionalId,
                &ids,
                Pattern::Prefixed,
                vec![Operation::Write, Operation::Describe],
            ));
        }
        // How far the processors have come.
        Role::Auditor => acls.push(acl(Resource::Group, &group, Pattern::Literal, vec![Operation::Describe])),
        Role::Client | Role::CommandGateway | Role::Materializer | Role::Provisioner => {}
    }
    acls
}

/// The rights as arguments of Kafka's own tool, one line for each resource.
pub fn kafka_acls(role: Role, acls: &[Acl]) -> String {
    let mut text = String::new();
    for acl in acls {
        let operations: Vec<String> = acl
            .operations
            .iter()
            .map(|operation| format!("--operation {operation:?}"))
            .collect();
        let resource = match acl.resource {
            Resource::Topic => "--topic",
            Resource::Group => "--group",
            Resource::TransactionalId => "--transactional-id",
        };
        let pattern = match acl.pattern {
            Pattern::Literal => "",
            Pattern::Prefixed => " --resource-pattern-type prefixed",
        };
        text.push_str(&format!(
            "--add --allow-principal User:{role} {} {resource} {}{pattern}\n",
            operations.join(" "),
            acl.name
        ));
    }
    text
}

/// The rights as a resource of Strimzi's, for the cluster of this name.
pub fn strimzi(role: Role, acls: &[Acl], cluster: &str) -> String {
    let mut text = format!(
        "apiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaUser\nmetadata:\n  name: {role}\n  labels:\n    strimzi.io/cluster: {cluster}\nspec:\n  \
         authentication:\n    type: scram-sha-512\n  authorization:\n    type: simple\n    acls:\n"
    );
    for acl in acls {
        let kind = match acl.resource {
            Resource::Topic => "topic",
            Resource::Group => "group",
            Resource::TransactionalId => "transactionalId",
        };
        let pattern = match acl.pattern {
            Pattern::Literal => "literal",
            Pattern::Prefixed => "prefix",
        };
        let operations: Vec<String> = acl.operations.iter().map(|operation| format!("{operation:?}")).collect();
        text.push_str(&format!(
            "      - resource: {{type: {kind}, name: {}, patternType: {pattern}}}\n        operations: [{}]\n",
            acl.name,
            operations.join(", ")
        ));
    }
    text
}

fn of_topic(topology: &Topology, role: Role, name: &str) -> Acl {
    let topics = &topology.topics;
    let is_named = |roles: &[String]| roles.iter().any(|named| named == role.in_topology());
    let topic = topology.topics().into_iter().find(|topic| topic.name == name);
    let (mut reads, mut writes) = topic.map_or((false, false), |topic| (is_named(&topic.readers), is_named(&topic.writers)));
    // The number of partitions stands there, which `aerolog send` and `import` need, too.
    reads |= name == topics.metadata.name;
    match role {
        Role::Auditor => (reads, writes) = (true, false),
        // Schemas are registered only where the ids of the last events and outcomes agree with the registry.
        Role::Provisioner => reads |= [topics.events.name.as_str(), topics.outcomes.name.as_str()].contains(&name),
        Role::Client | Role::CommandGateway | Role::CommandProcessor | Role::Materializer => {}
    }
    let mut operations = Vec::new();
    operations.extend(reads.then_some(Operation::Read));
    operations.extend(writes.then_some(Operation::Write));
    operations.extend((role == Role::Provisioner).then_some(Operation::Create));
    // Every process compares all topics with the topology before it goes on.
    operations.extend([Operation::Describe, Operation::DescribeConfigs]);
    acl(Resource::Topic, name, Pattern::Literal, operations)
}

fn acl(resource: Resource, name: &str, pattern: Pattern, operations: Vec<Operation>) -> Acl {
    Acl {
        resource,
        name: name.to_owned(),
        pattern,
        operations,
    }
}

#[cfg(test)]
mod tests;
