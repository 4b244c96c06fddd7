"""The network's edges against topology/topology.toml: what writes or reads a topic may reach Kafka, nothing else may, and nothing is open."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
# The roles of the topology that run in the cluster, and the name of what runs them. The others are people and programs outside.
PROGRAMS = {"command-gateway": "command-gateway", "command-processor": "command-processor", "materializer": "materializer", "aerolog": "setup"}
OUTSIDE = {"client", "operator"}
# Programs of other people that talk to Kafka.
OTHERS_WITH_KAFKA = {"schema-registry"}
# The program that takes commands without asking who sends them, its port, and the label of the pods and namespaces that may reach it.
GATEWAY, GATEWAY_PORT, MAY_COMMAND = "command-gateway", 8082, {"matchLabels": {"aerolog/commands": "true"}}
KAFKA, REGISTRY = "aerolog/kafka-client", "aerolog/registry-client"
# Of clients in the namespace, which may connect to nothing by default.
MAY_ASK, MAY_SEND = "aerolog/questions", "aerolog/commands"


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
    found += of_gateway(documents, policies)
    found += of_scaling(documents)
    for label, policy in ((KAFKA, "to-kafka"), (REGISTRY, "to-schema-registry"), (MAY_ASK, "to-materializer"), (MAY_SEND, "to-command-gateway")):
        if policies.get(policy, {}).get("podSelector") != {"matchLabels": {label: "true"}}:
            found.append(f"NetworkPolicy/{policy} is not for the pods with the label {label}")
    return found


def of_scaling(documents):
    """KEDA asks Kafka from a namespace of its own: a name without its namespace would be another Service's."""
    for document in documents:
        if document["kind"] == "ScaledObject":
            for trigger in document["spec"].get("triggers", []):
                for server in trigger.get("metadata", {}).get("bootstrapServers", "").split(","):
                    host = server.rpartition(":")[0]
                    if server and not (host.endswith(".svc") or ".svc." in host):
                        yield f"ScaledObject/{document['metadata']['name']}: {server} does not say in which namespace it is"


def workloads(documents):
    for document in documents:
        if document["kind"] in WORKLOADS:
            labels = document["spec"]["template"]["metadata"]["labels"]
            yield labels["app.kubernetes.io/name"], labels


def of_gateway(documents, policies):
    """Only pods of its namespace and namespaces with the label reach the gateway, and only within the cluster."""
    labels = next((labels for name, labels in workloads(documents) if name == GATEWAY), {})
    reached = False
    for name, spec in policies.items():
        for rule in spec.get("ingress", []):
            ports = {port.get("port") for port in rule.get("ports", [])}
            if not selects(spec["podSelector"], labels) or GATEWAY_PORT not in ports:
                continue
            reached = True
            for peer in rule.get("from", []):
                if peer not in ({"podSelector": MAY_COMMAND}, {"namespaceSelector": MAY_COMMAND}):
                    yield f"NetworkPolicy/{name}: commands are taken of anyone who reaches the gateway, and {peer} does without the label aerolog/commands"
    if not reached:
        yield f"{GATEWAY}: no policy lets commands in at port {GATEWAY_PORT}"
    for document in documents:
        if document["kind"] == "Service" and selects({"matchLabels": document["spec"].get("selector", {})}, labels):
            if document["spec"].get("type", "ClusterIP") != "ClusterIP":
                yield f"Service/{document['metadata']['name']}: commands are taken of anyone who reaches the gateway, and it is open beyond the cluster"


def selects(selector, labels):
    """Whether pods with these labels may be meant. An expression that is not understood counts as one that fits."""
    if any(labels.get(label) != value for label, value in selector.get("matchLabels", {}).items()):
        return False
    expressions = selector.get("matchExpressions", [])
    return all(labels.get(each["key"]) in each["values"] for each in expressions if each["operator"] == "In")


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
