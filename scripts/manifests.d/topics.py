"""Strimzi's topics against topology/topology.toml: processes refuse to run on a topic that is otherwise."""

# Where a client sets the time of a record, no bound may refuse it.
TIMESTAMP_BOUND_MS = 2**63 - 1


def mistakes(documents, topology):
    kept = {each["metadata"]["name"]: each["spec"] for each in documents if each["kind"] == "KafkaTopic"}
    if not kept:
        return []
    prefix = topic_prefix(documents)
    wanted = {f"{prefix}.{topic['name']}": spec(topic, topology) for topic in topology["topics"].values()}
    return [
        f"KafkaTopic/{name}: is {kept.get(name)}, and topology.toml says {wanted.get(name)}"
        for name in sorted(kept.keys() | wanted.keys())
        if kept.get(name) != wanted.get(name)
    ]


def topic_prefix(documents):
    """As the programs are given it."""
    given = (each.get("data", {}).get("AEROLOG_TOPIC_PREFIX") for each in documents if each["kind"] == "ConfigMap")
    return next((prefix for prefix in given if prefix), None)


def spec(topic, topology):
    config = {
        "cleanup.policy": topic["cleanup"],
        "retention.ms": topic["retention_ms"],
        "retention.bytes": -1,
        "message.timestamp.type": topic["timestamp"],
        "max.message.bytes": topic["message_bytes_max"],
        "min.insync.replicas": 2,
    }
    if topic["timestamp"] == "CreateTime":
        config["message.timestamp.before.max.ms"] = TIMESTAMP_BOUND_MS
        config["message.timestamp.after.max.ms"] = TIMESTAMP_BOUND_MS
    return {"partitions": topic.get("partitions", topology["partitions"]), "replicas": 3, "config": config}
