"""Applies ACLs that `aerolog topics acls --form json` printed, and tries each operation of each role on each resource."""

import argparse
import json
import os
import pathlib
import sys

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

WAIT_SECONDS = 20
# What a reader without a group calls it; the client looks for its coordinator all the same.
READERS_GROUP = "aerolog-reader"
RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "transactionalId": ResourceType.TRANSACTIONAL_ID}
PATTERNS = {"literal": ResourcePatternType.LITERAL, "prefixed": ResourcePatternType.PREFIXED}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}
DENIED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
# Operations that no role may do.
NEVER = ("Delete", "AlterConfigs")
IMPLY_DESCRIBE = {"Read", "Write"}


def settings(secure, principal):
    return {
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": principal,
        "sasl.password": pathlib.Path(secure, "passwords", principal).read_text().strip(),
        "ssl.ca.location": str(pathlib.Path(secure, "ca.crt")),
        "log_level": 0,
    }


def apply(arguments, roles):
    bindings = [
        AclBinding(RESOURCES[acl["resource"]], acl["name"], PATTERNS[acl["pattern"]], role["principal"], "*", OPERATIONS[operation], AclPermissionType.ALLOW)
        for role in roles
        for acl in role["acls"]
        for operation in acl["operations"]
    ]
    admin = AdminClient(settings(arguments.secure, "admin"))
    for future in admin.create_acls(bindings).values():
        future.result(WAIT_SECONDS)
    print(f"{len(bindings)} rights of {len(roles)} roles applied")


def is_allowed(work):
    """Whether the broker lets it be done; what else goes wrong is an error of this test."""
    try:
        work()
    except KafkaException as error:
        if error.args[0].code() in DENIED:
            return False
        raise
    return True


def write(client, topic):
    errors = []
    producer = Producer({**client, "acks": "all", "message.timeout.ms": WAIT_SECONDS * 1000})
    producer.produce(topic, b"tried", partition=0, on_delivery=lambda error, _record: errors.append(error))
    producer.flush(WAIT_SECONDS)
    if not errors:
        raise TimeoutError(topic)
    if errors[0] is not None:
        raise KafkaException(errors[0])


def read(client, topic):
    # Of a topic that may not be described a consumer hears nothing, and waits.
    describe(client, topic)
    consumer = Consumer({**client, "group.id": READERS_GROUP, "enable.partition.eof": True, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        record = consumer.poll(WAIT_SECONDS)
        if record is None:
            raise TimeoutError(topic)
        if record.error() and record.error().code() != KafkaError._PARTITION_EOF:
            raise KafkaException(record.error())
    finally:
        consumer.close()


def describe(client, topic):
    admin = AdminClient(client)
    found = admin.list_topics(topic, timeout=WAIT_SECONDS).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)


def describe_configs(client, topic):
    admin = AdminClient(client)
    for future in admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]).values():
        future.result(WAIT_SECONDS)


def create(client, topic):
    admin = AdminClient(client)
    for future in admin.create_topics([NewTopic(topic, 1, 1)], validate_only=True).values():
        try:
            future.result(WAIT_SECONDS)
        except KafkaException as error:
            # Whether it may be created is asked before whether it is there.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def delete(client, topic):
    admin = AdminClient(client)
    for future in admin.delete_topics([topic]).values():
        future.result(WAIT_SECONDS)


def alter_configs(client, topic):
    entry = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient(client)
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(WAIT_SECONDS)


def join(client, group, topic):
    assigned = []
    consumer = Consumer({**client, "group.id": group})
    consumer.subscribe([topic], on_assign=lambda _consumer, partitions: assigned.extend(partitions))
    try:
        for _ in range(WAIT_SECONDS):
            record = consumer.poll(1)
            if assigned:
                return
            if record is not None and record.error():
                raise KafkaException(record.error())
        raise TimeoutError(group)
    finally:
        consumer.close()


def describe_group(client, group):
    admin = AdminClient(client)
    for future in admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values():
        future.result(WAIT_SECONDS)


def transact(client, transactional_id):
    producer = Producer({**client, "transactional.id": transactional_id})
    producer.init_transactions(WAIT_SECONDS)


ON_TOPICS = {
    "Write": write,
    "Read": read,
    "Describe": describe,
    "DescribeConfigs": describe_configs,
    "Create": create,
    "Delete": delete,
    "AlterConfigs": alter_configs,
}


def rights(role, resource, name):
    """What the printed ACLs give to a role on a resource."""
    found = set()
    for acl in role["acls"]:
        matches = name.startswith(acl["name"]) if acl["pattern"] == "prefixed" else name == acl["name"]
        if acl["resource"] == resource and matches:
            found |= set(acl["operations"])
    return found | ({"Describe"} if found & IMPLY_DESCRIBE else set())


def attempts(arguments, roles):
    """Role, operation, resource, whether it has to be allowed, and how it is tried."""
    topics = sorted({acl["name"] for role in roles for acl in role["acls"] if acl["resource"] == "topic"})
    group = next(acl["name"] for role in roles for acl in role["acls"] if acl["resource"] == "group" and "Read" in acl["operations"])
    metadata = next(topic for topic in topics if topic.endswith(".metadata"))
    for role in roles:
        name, client = role["role"], settings(arguments.secure, role["role"])
        for topic in [*topics, "foreign"]:
            allowed = rights(role, "topic", topic)
            for operation, attempt in ON_TOPICS.items():
                if topic == "foreign" and operation == "Delete":
                    continue
                yield name, operation, topic, operation in allowed, lambda attempt=attempt, topic=topic: attempt(client, topic)
        for each in (group, "foreign-group"):
            allowed = rights(role, "group", each)
            yield name, "Read", each, "Read" in allowed, lambda each=each: join(client, each, metadata)
            yield name, "Describe", each, "Describe" in allowed, lambda each=each: describe_group(client, each)
        for each in (f"{group}-0", "foreign-id"):
            yield name, "Write", each, "Write" in rights(role, "transactionalId", each), lambda each=each: transact(client, each)


def attempt_all(arguments, roles):
    wrong, allowed_count, denied_count = [], 0, 0
    admin = AdminClient(settings(arguments.secure, "admin"))
    for future in admin.create_topics([NewTopic("foreign", 1, 1)]).values():
        future.result(WAIT_SECONDS)
    for name, operation, resource, wanted, work in attempts(arguments, roles):
        if wanted and operation in NEVER:
            sys.exit(f"{name} may {operation} {resource}: nothing should")
        found = is_allowed(work)
        allowed_count, denied_count = allowed_count + found, denied_count + (not found)
        if found != wanted:
            wrong.append(f"{name} {'may' if found else 'may not'} {operation} {resource}")
    for line in wrong:
        print(line)
    print(f"{allowed_count} pairs were allowed and {denied_count} denied, {len(wrong)} of them otherwise than printed")
    sys.exit(1 if wrong or not allowed_count or not denied_count else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["apply", "try"])
    parser.add_argument("--secure", required=True)
    parser.add_argument("--acls", required=True)
    arguments = parser.parse_args()
    roles = [json.loads(line) for line in pathlib.Path(arguments.acls).read_text().splitlines()]
    {"apply": apply, "try": attempt_all}[arguments.action](arguments, roles)


if __name__ == "__main__":
    main()
