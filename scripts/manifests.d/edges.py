"""The network's edges against topology/topology.toml: what writes or reads a topic may reach Kafka, nothing else may, and nothing is open."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
# The roles of the topology that run in the cluster, and the name of what runs them. The others are people and programs outside.
PROGRAMS = {"command-processor": "command-processor", "materializer": "materializer", "aerolog": "setup"}
OUTSIDE = {"client", "operator"}
# Programs of other people that talk to Kafka.
OTHERS_WITH_KAFKA = {"schema-registry"}
KAFKA, REGISTRY = "aerolog/kafka-client", "aerolog/registry-client"


def mistakes(documents, topology):
    found = []
    roles = {role for topic in topology["topics"].values() for role in topic["writers"] + topic["readers"]}
    unknown = roles - set(PROGRAMS) - OUTSIDE
    if unknown:
        found.append(f"topology.toml has a role that no workload is known for: {', '.join(sorted(unknown))}")
    wanted = {PROGRAMS[role] for role in roles & set(PROGRAMS)}
    for label, allowed in ((KAFKA, wanted | OTHERS_WITH_KAFKA), (REGISTRY, wanted)):
        having = {name for name, labels in workloads(documents) if labels.get(label) == "true"}
        for name in having - allowed:
            found.append(f"{name} has the label {label}, and the topology gives it no topic")
        for name in (wanted if label == KAFKA else wanted) - having:
            found.append(f"{name} lacks the label {label}, and the topology gives it a topic")
    policies = {each["metadata"]["name"]: each["spec"] for each in documents if each["kind"] == "NetworkPolicy"}
    deny = policies.get("default-deny", {})
    if deny.get("podSelector") != {} or sorted(deny.get("policyTypes", [])) != ["Egress", "Ingress"] or "ingress" in deny or "egress" in deny:
        found.append("NetworkPolicy/default-deny does not deny everything")
    for name, spec in policies.items():
        found += [f"NetworkPolicy/{name}: {mistake}" for mistake in of_policy(spec)]
    for label, policy in ((KAFKA, "to-kafka"), (REGISTRY, "to-schema-registry")):
        if policies.get(policy, {}).get("podSelector") != {"matchLabels": {label: "true"}}:
            found.append(f"NetworkPolicy/{policy} is not for the pods with the label {label}")
    return found


def workloads(documents):
    for document in documents:
        if document["kind"] in WORKLOADS:
            labels = document["spec"]["template"]["metadata"]["labels"]
            yield labels["app.kubernetes.io/name"], labels


def of_policy(spec):
    """Whether a rule opens more than a port of named peers."""
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in spec.get(direction, []):
            if not rule.get(peers):
                yield f"an {direction} rule names no peers, and so allows all"
            if not rule.get("ports"):
                yield f"an {direction} rule names no ports, and so allows all"
            for peer in rule.get(peers, []):
                if "ipBlock" in peer:
                    yield f"an {direction} rule allows addresses instead of pods"
                if peer.get("podSelector") == {} or (peer.get("namespaceSelector") == {} and "podSelector" not in peer):
                    yield f"an {direction} rule allows every pod"
