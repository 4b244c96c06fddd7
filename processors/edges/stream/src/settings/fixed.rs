//! Settings of librdkafka's that users cannot set.

/// Name, value, and why no other value is possible. `<own>` stands for a value that the process chooses.
pub(super) const FIXED: &[(&str, &str, &str)] = &[
    (
        "isolation.level",
        "read_committed",
        "records of an aborted transaction must never be seen",
    ),
    (
        "partitioner",
        "murmur2_random",
        "all of an aggregate's records must lie in the partition where every client looks for them",
    ),
    ("acks", "all", "an acknowledged record must survive the loss of a broker"),
    (
        "request.required.acks",
        "all",
        "an acknowledged record must survive the loss of a broker",
    ),
    ("enable.idempotence", "true", "a retried request must not write a record twice"),
    (
        "auto.offset.reset",
        "error",
        "a position that the log does not have is an error, never a place to go on from",
    ),
    (
        "enable.auto.commit",
        "false",
        "offsets are committed with what was decided, in one transaction",
    ),
    (
        "auto.commit.enable",
        "false",
        "offsets are committed with what was decided, in one transaction",
    ),
    (
        "enable.auto.offset.store",
        "false",
        "offsets are committed with what was decided, in one transaction",
    ),
    ("check.crcs", "true", "a damaged record must not be taken for a whole one"),
    (
        "allow.auto.create.topics",
        "false",
        "a topic that is missing is an error; `aerolog topics apply` creates topics",
    ),
    ("group.protocol", "classic", "the guards of the transactions were proven with it"),
    ("transactional.id", "<own>", "each instance has its own, by which it is fenced"),
    ("group.id", "<own>", "the processors of one topology form one group"),
    ("group.instance.id", "<own>", "it is the instance_id of the process"),
    (
        "delivery.report.only.error",
        "false",
        "offsets of written records are read from the reports",
    ),
    ("metadata.broker.list", "<own>", "bootstrap.servers says where the brokers are"),
    ("enable.partition.eof", "<own>", "each reader needs it as it is"),
    (
        "partition.assignment.strategy",
        "range",
        "the other members of the group must use the same",
    ),
];
