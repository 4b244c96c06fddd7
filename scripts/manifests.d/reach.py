"""Who reaches whom: what topology/topology.toml and the labels are for, and what the NetworkPolicies of an overlay come to by Kubernetes' rules. A
connection needs an egress rule where it begins, if any policy limits that, and an ingress rule where it ends."""

import dataclasses

NAMESPACE, NAMES = "aerolog", "kube-system"
# The roles of the topology that run in the cluster, by the name of what runs them. The others are people and programs outside.
PROGRAMS = {"command-gateway": "command-gateway", "command-processor": "command-processor", "materializer": "materializer", "aerolog": "setup"}
# Programs of other people that talk to Kafka.
OTHERS_WITH_KAFKA = {"kafka", "schema-registry"}
KAFKA, REGISTRY, DNS = ("kafka", 9092), ("schema-registry", 8080), ("dns", 53)
QUESTIONS, COMMANDS = ("materializer", 8080), ("command-gateway", 8082)
METRICS = {("command-processor", 9101), ("materializer", 9102), ("command-gateway", 9103)}
TARGETS = {KAFKA, REGISTRY, DNS, QUESTIONS, COMMANDS} | METRICS
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


@dataclasses.dataclass(frozen=True)
class Pod:
    name: str
    namespace: str
    labels: tuple
    namespace_labels: tuple

    @property
    def kind(self):
        return dict(self.labels).get("app.kubernetes.io/name") or ("dns" if dict(self.labels).get("k8s-app") == "dns" else self.name)

    def has(self, label):
        return dict(self.labels).get(label) == "true"


def pod(name, namespace, labels, namespace_labels=None):
    namespace_labels = {"kubernetes.io/metadata.name": namespace, **(namespace_labels or {})}
    return Pod(name, namespace, tuple(sorted(labels.items())), tuple(sorted(namespace_labels.items())))


def strangers():
    """Pods of every kind that a policy may select, in addition to those of the manifests."""
    clients = {"aerolog/kafka-client": "true", "aerolog/registry-client": "true", "aerolog/commands": "true"}
    return [
        pod("stranger", NAMESPACE, {}),
        pod("planner", NAMESPACE, {"aerolog/commands": "true"}),
        pod("viewer", NAMESPACE, {"aerolog/questions": "true"}),
        pod("viewer", "elsewhere", {"aerolog/questions": "true"}),
        pod("pretender", "elsewhere", clients),
        pod("scraper", "monitored", {}, {"aerolog/monitoring": "true"}),
        pod("keda", "keda", {}, {"aerolog/kafka-client": "true"}),
        pod("proxy", "proxies", {}, {"aerolog/questions": "true", "aerolog/commands": "true"}),
        pod("dns", NAMES, {"k8s-app": "dns"}),
    ]


def expected(begin, target, topology, ingress=False):
    """Whether a pod is to reach a target. With `ingress`, as the component of that name has it, namespaces with a label may ask and send commands."""
    if target == DNS:
        return True
    namespace_labels = dict(begin.namespace_labels)
    if begin.namespace != NAMESPACE:
        if target in METRICS:
            return namespace_labels.get("aerolog/monitoring") == "true"
        if target == KAFKA:
            return namespace_labels.get("aerolog/kafka-client") == "true"
        if target == QUESTIONS:
            return begin.has("aerolog/questions") or (ingress and namespace_labels.get("aerolog/questions") == "true")
        return target == COMMANDS and ingress and namespace_labels.get("aerolog/commands") == "true"
    roles = {role for topic in topology["topics"].values() for role in topic["writers"] + topic["readers"]}
    programs = {PROGRAMS[role] for role in roles if role in PROGRAMS}
    if target == KAFKA:
        return begin.kind in programs | OTHERS_WITH_KAFKA
    if target == REGISTRY:
        return begin.kind in programs
    return (target == QUESTIONS and begin.has("aerolog/questions")) or (target == COMMANDS and begin.has("aerolog/commands"))


def reaches(begin, end, port, policies):
    return passes("Egress", begin, end, port, policies) and passes("Ingress", end, begin, port, policies)


def passes(direction, here, there, port, policies):
    """Whether the policies for `here` let a connection with `there` pass; without any for this direction everything does."""
    limiting = [
        spec
        for spec in policies
        if here.namespace == NAMESPACE and selects(spec["podSelector"], dict(here.labels)) and direction in spec.get("policyTypes", ["Ingress"])
    ]
    rules = [rule for spec in limiting for rule in spec.get(direction.lower(), [])]
    return not limiting or any(fits(rule, "to" if direction == "Egress" else "from", there, port) for rule in rules)


def fits(rule, peers, there, port):
    ports = [each["port"] for each in rule.get("ports", []) if each.get("protocol", "TCP") == "TCP"]
    return (not rule.get("ports") or port in ports) and (not rule.get(peers) or any(is_peer(peer, there) for peer in rule[peers]))


def is_peer(peer, there):
    in_namespace = selects(peer["namespaceSelector"], dict(there.namespace_labels)) if "namespaceSelector" in peer else there.namespace == NAMESPACE
    return in_namespace and selects(peer.get("podSelector", {}), dict(there.labels))


def selects(selector, labels):
    if any(labels.get(label) != value for label, value in selector.get("matchLabels", {}).items()):
        return False
    for each in selector.get("matchExpressions", []):
        if each["operator"] != "In":
            raise ValueError(f"the operator {each['operator']} is not evaluated here")
        if labels.get(each["key"]) not in each["values"]:
            return False
    return True


def pods_of(documents):
    for document in documents:
        if document["kind"] in WORKLOADS:
            yield pod(document["metadata"]["name"], NAMESPACE, document["spec"]["template"]["metadata"]["labels"])


def mistakes(documents, topology):
    """Every pair of pods of an overlay, strangers among them, whose policies say something else than the topology."""
    policies = [document["spec"] for document in documents if document["kind"] == "NetworkPolicy"]
    if not policies:
        return
    ingress = any(document["kind"] == "Ingress" for document in documents)
    pods = [*pods_of(documents), *strangers()]
    for begin in pods:
        for end in pods:
            for kind, port in sorted(TARGETS):
                if kind != end.kind or begin == end or (kind == "dns" and end.namespace != NAMES):
                    continue
                wanted, found = expected(begin, (kind, port), topology, ingress), reaches(begin, end, port, policies)
                if wanted != found:
                    yield f"{begin.namespace}/{begin.name} {'reaches' if found else 'does not reach'} {end.name}:{port}, and is {'not ' if found else ''}to by the topology"
