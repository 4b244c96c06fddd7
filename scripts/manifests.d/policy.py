"""What holds for every pod beyond its schema: the Pod Security Standard "restricted" and this project's own rules."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
VOLUMES_ALLOWED = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC", "hostUsers")


def mistakes(document):
    if document.get("kind") == "Namespace":
        enforced = document["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
        return [] if enforced == "restricted" else [f"Namespace/{document['metadata']['name']}: does not enforce Pod Security \"restricted\""]
    if document.get("kind") not in WORKLOADS:
        return []
    name = f"{document['kind']}/{document['metadata']['name']}"
    pod = document["spec"]["template"]["spec"]
    found = of_pod(pod)
    for container in pod.get("initContainers", []) + pod["containers"]:
        found += [f"{container['name']}: {mistake}" for mistake in of_container(container, pod)]
    if document["kind"] != "Job":
        for container in pod["containers"]:
            if "readinessProbe" not in container or "startupProbe" not in container:
                found.append(f"{container['name']}: a readiness or a startup probe is missing")
    return [f"{name}: {mistake}" for mistake in found]


def of_pod(pod):
    found = []
    for field in HOST_FIELDS[:3]:
        if pod.get(field):
            found.append(f"{field} is not allowed")
    if pod.get("automountServiceAccountToken") is not False:
        found.append("a token of the service account would be mounted")
    if pod.get("enableServiceLinks") is not False:
        found.append("variables of services would be injected: enableServiceLinks must be false")
    for volume in pod.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds <= VOLUMES_ALLOWED:
            found.append(f"volume {volume['name']} is of a kind that is not allowed: {', '.join(sorted(kinds))}")
    return found


def of_container(container, pod):
    found = []
    own, of_pod = container.get("securityContext", {}), pod.get("securityContext", {})
    if own.get("allowPrivilegeEscalation") is not False:
        found.append("allowPrivilegeEscalation must be false")
    if own.get("privileged"):
        found.append("privileged is not allowed")
    if own.get("capabilities", {}).get("drop") != ["ALL"] or own.get("capabilities", {}).get("add"):
        found.append("every capability must be dropped")
    if own.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
        found.append("runAsNonRoot must be true")
    if own.get("runAsUser", of_pod.get("runAsUser")) in (None, 0):
        found.append("runAsUser must be another than root, or the kubelet cannot tell it from root")
    if own.get("seccompProfile", of_pod.get("seccompProfile", {})).get("type") not in ("RuntimeDefault", "Localhost"):
        found.append("seccompProfile must be RuntimeDefault")
    if own.get("readOnlyRootFilesystem") is not True:
        found.append("the root file system must be read-only")
    for port in container.get("ports", []):
        if port.get("hostPort"):
            found.append("hostPort is not allowed")
    resources = container.get("resources", {})
    if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
        found.append("requests of CPU and memory and a limit of memory are needed")
    if container["image"].endswith(":latest") or not (":" in container["image"].rsplit("/", 1)[-1] or "@" in container["image"]):
        found.append(f"the image {container['image']} has no tag, or one that moves")
    return found
