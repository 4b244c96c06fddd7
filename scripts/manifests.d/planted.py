"""Mistakes to be planted, one of each kind that the checks are for."""


def find(documents, kind, name):
    return next(each for each in documents if each["kind"] == kind and each["metadata"]["name"] == name)


def pod(documents, kind="StatefulSet", name="command-processor"):
    return find(documents, kind, name)["spec"]["template"]["spec"]


def container(documents):
    return pod(documents)["containers"][0]


def set_in(path, value, of=lambda documents: documents):
    """A mistake that sets one field; `path` is within what `of` finds."""

    def plant(documents):
        place = of(documents)
        for key in path[:-1]:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        if value is None:
            place.pop(path[-1])
        else:
            place[path[-1]] = value

    return plant


def resource(kind, name):
    return lambda documents: find(documents, kind, name)


def add(document):
    return lambda documents: documents.append(document)


def security(field, value):
    return set_in(["securityContext", field], value, container)


def unlabelled(label):
    def plant(documents):
        find(documents, "StatefulSet", "materializer")["spec"]["template"]["metadata"]["labels"].pop(label)

    return plant


def all_pods_at_the_gateways_port(documents):
    spec = find(documents, "NetworkPolicy", "questions")["spec"]
    spec["podSelector"] = {}
    spec["ingress"][0]["ports"] = [{"protocol": "TCP", "port": 8082}]


def expression(text):
    return set_in(["spec", "groups", 0, "rules", 0, "expr"], text, resource("PrometheusRule", "aerolog"))


# Name, overlay, a part of the sentence that has to be found, and how it is planted.
MISTAKES = [
    ("an unknown kind", "local", "no schema is known", add({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "x"}})),
    ("an unknown version", "local", "no schema is known", set_in(["apiVersion"], "apps/v9", resource("StatefulSet", "command-processor"))),
    ("a misspelt field", "local", "replica", set_in(["spec", "replica"], 3, resource("StatefulSet", "command-processor"))),
    ("a misspelt field of a probe", "local", "failureTreshold", set_in(["readinessProbe", "failureTreshold"], 3, container)),
    ("a field of another type", "local", "three", set_in(["spec", "replicas"], "three", resource("StatefulSet", "materializer"))),
    ("a misspelt field of KEDA", "production", "maxReplicas", set_in(["spec", "maxReplicas"], 3, resource("ScaledObject", "command-processor"))),
    ("a trigger without a type", "production", "'type' is a required", set_in(["spec", "triggers", 0, "type"], None, resource("ScaledObject", "command-processor"))),
    ("a misspelt field of Strimzi", "production", "replica", set_in(["spec", "replica"], 3, resource("KafkaTopic", "schedule.commands"))),
    ("a user with an unknown operation", "production", "Fly", set_in(["spec", "authorization", "acls", 0, "operations"], ["Fly"], resource("KafkaUser", "materializer"))),
    ("a misspelt field of a rule", "production", "expression", set_in(["spec", "groups", 0, "rules", 0, "expression"], "1", resource("PrometheusRule", "aerolog"))),
    ("a misspelt field of a monitor", "production", "selectors", set_in(["spec", "selectors"], {}, resource("PodMonitor", "command-processor"))),
    ("a root user", "local", "runAsUser", set_in(["securityContext", "runAsUser"], 0, pod)),
    ("a user that may be root", "local", "runAsNonRoot", set_in(["securityContext", "runAsNonRoot"], False, pod)),
    ("no seccomp profile", "local", "seccompProfile", set_in(["securityContext", "seccompProfile"], {"type": "Unconfined"}, pod)),
    ("a writable root", "local", "read-only", security("readOnlyRootFilesystem", False)),
    ("a capability", "local", "capability", security("capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]})),
    ("privilege escalation", "local", "allowPrivilegeEscalation", security("allowPrivilegeEscalation", True)),
    ("a privileged container", "local", "privileged", security("privileged", True)),
    ("a token", "local", "token", set_in(["automountServiceAccountToken"], True, pod)),
    ("service links", "local", "enableServiceLinks", set_in(["enableServiceLinks"], True, pod)),
    ("the host's network", "local", "hostNetwork", set_in(["hostNetwork"], True, pod)),
    ("a folder of the host", "local", "hostPath", lambda documents: pod(documents)["volumes"].append({"name": "x", "hostPath": {"path": "/"}})),
    ("no limit of memory", "local", "limit of memory", set_in(["resources", "limits"], None, container)),
    ("no readiness probe", "local", "readiness", set_in(["readinessProbe"], None, container)),
    ("an image without a tag", "local", "no tag", set_in(["image"], "aerolog", container)),
    ("a namespace that enforces nothing", "local", "restricted", set_in(["metadata", "labels"], {}, resource("Namespace", "aerolog"))),
    ("a missing edge to Kafka", "local", "lacks the label aerolog/kafka-client", unlabelled("aerolog/kafka-client")),
    ("a missing edge to the registry", "local", "lacks the label aerolog/registry-client", unlabelled("aerolog/registry-client")),
    ("an edge to Kafka that the topology does not have", "local", "gadget has the label", set_in(["spec", "template", "metadata", "labels", "app.kubernetes.io/name"], "gadget", resource("StatefulSet", "materializer"))),
    ("a gateway without an edge to Kafka", "local", "command-gateway lacks the label aerolog/kafka-client", set_in(["spec", "template", "metadata", "labels", "aerolog/kafka-client"], None, resource("Deployment", "command-gateway"))),
    ("no gateway", "local", "command-gateway lacks the label", lambda documents: documents.remove(find(documents, "Deployment", "command-gateway"))),
    ("no policy for commands", "local", "no policy lets commands in", lambda documents: documents.remove(find(documents, "NetworkPolicy", "commands"))),
    ("a gateway that pods of every namespace reach", "local", "NetworkPolicy/commands: commands are taken of anyone", set_in(["spec", "ingress", 0, "from", 0, "namespaceSelector"], {}, resource("NetworkPolicy", "commands"))),
    ("a gateway that those who ask reach", "production", "NetworkPolicy/commands-from-ingress: commands are taken of anyone", set_in(["spec", "ingress", 0, "from", 0, "namespaceSelector", "matchLabels"], {"aerolog/questions": "true"}, resource("NetworkPolicy", "commands-from-ingress"))),
    ("a policy of all pods that opens the gateway, too", "local", "NetworkPolicy/questions: commands are taken of anyone", all_pods_at_the_gateways_port),
    ("a gateway that is open beyond the cluster", "production", "Service/command-gateway: commands are taken of anyone", set_in(["spec", "type"], "LoadBalancer", resource("Service", "command-gateway"))),
    ("clients that are let in and not let out", "local", "NetworkPolicy/to-command-gateway is not for the pods", lambda documents: documents.remove(find(documents, "NetworkPolicy", "to-command-gateway"))),
    ("those who ask in other namespaces shut out", "local", "elsewhere/viewer does not reach materializer:8080", set_in(["spec", "ingress", 0, "from", 0, "namespaceSelector"], None, resource("NetworkPolicy", "questions"))),
    ("metrics that every namespace reads", "local", "elsewhere/viewer reaches command-processor:9101", set_in(["spec", "ingress", 0, "from", 0, "namespaceSelector"], {}, resource("NetworkPolicy", "metrics"))),
    ("Kafka at the port of the registry", "local", "does not reach kafka:9092", set_in(["spec", "egress", 0, "ports", 0, "port"], 8080, resource("NetworkPolicy", "to-kafka"))),
    ("a backlog that is asked for in another namespace", "production", "does not say in which namespace", set_in(["spec", "triggers", 0, "metadata", "bootstrapServers"], "kafka-kafka-bootstrap:9093", resource("ScaledObject", "command-processor"))),
    ("no default-deny", "local", "default-deny", lambda documents: documents.remove(find(documents, "NetworkPolicy", "default-deny"))),
    ("a policy that allows all", "local", "names no peers", set_in(["spec", "ingress"], [{}], resource("NetworkPolicy", "questions"))),
    ("a policy without ports", "local", "names no ports", set_in(["spec", "egress", 0, "ports"], None, resource("NetworkPolicy", "to-kafka"))),
    ("an expression that is none", "production", "unclosed left parenthesis", expression("sum(aerolog_lag_offsets")),
    ("a metric that no program has", "production", "aerolog_lag_seconds", expression("aerolog_lag_seconds > 0")),
    ("an alert without a page", "production", "there is no page", set_in(["spec", "groups", 0, "rules", 0, "alert"], "Nameless", resource("PrometheusRule", "aerolog"))),
    ("a topic with other settings", "production", "KafkaTopic/schedule.events", set_in(["spec", "config", "retention.ms"], 1, resource("KafkaTopic", "schedule.events"))),
    ("a missing topic", "production", "KafkaTopic/schedule.outcomes", lambda documents: documents.remove(find(documents, "KafkaTopic", "schedule.outcomes"))),
]
