"""Who reaches whom in the cluster, tried from inside of every pod's network: every edge that topology.toml names works, every other one is refused.

    network.py TOPOLOGY PODS PROCESSES      PODS is what `kubectl get pods,namespaces -A -o json` prints, PROCESSES has lines of namespace/pod and a process of it"""

import json
import pathlib
import subprocess
import sys
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "manifests.d"))
import reach

CONNECT_SECONDS_MAX = 3
# Pods of the test itself, which are clients by their labels and have no role.
CLIENTS = {"load": {reach.KAFKA, reach.REGISTRY}, "watch": {reach.KAFKA}}

# Runs in the network of a pod, with the programs of this machine: pods have no shell.
CONNECT = """
import concurrent.futures, json, socket, sys
def reached(target):
    try:
        socket.create_connection(tuple(target), timeout=float(sys.argv[1])).close()
        return True
    except OSError:
        return False
targets = json.load(sys.stdin)
with concurrent.futures.ThreadPoolExecutor(len(targets)) as pool:
    print(json.dumps(list(pool.map(reached, targets))))
"""


def allowed(pod, target, topology):
    return target in CLIENTS.get(pod.kind, ()) or reach.expected(pod, target, topology)


def tried(process, targets):
    command = ["nsenter", "--target", process, "--net", sys.executable, "-c", CONNECT, str(CONNECT_SECONDS_MAX)]
    found = subprocess.run(command, input=json.dumps(targets), capture_output=True, text=True, check=True)
    return json.loads(found.stdout)


def main():
    topology = tomllib.loads(pathlib.Path(sys.argv[1]).read_text())
    documents = json.loads(pathlib.Path(sys.argv[2]).read_text())["items"]
    namespaces = {each["metadata"]["name"]: each["metadata"].get("labels", {}) for each in documents if each["kind"] == "Namespace"}
    running = [each for each in documents if each["kind"] == "Pod" and each["status"]["phase"] == "Running"]
    names = [(each["metadata"]["name"], each["metadata"]["namespace"]) for each in running]
    pods = [reach.pod(*name, each["metadata"].get("labels", {}), namespaces[name[1]]) for name, each in zip(names, running)]
    addresses = {pod: each["status"]["podIP"] for pod, each in zip(pods, running)}
    processes = dict(line.split() for line in pathlib.Path(sys.argv[3]).read_text().splitlines())
    targets = [(pod, port) for pod in pods for kind, port in sorted(reach.TARGETS) if pod.kind == kind and pod.namespace in (reach.NAMESPACE, reach.NAMES)]
    missing = reach.TARGETS - {(pod.kind, port) for pod, port in targets}
    if missing:
        sys.exit(f"nothing listens at {sorted(missing)}: nothing is proved")
    mistakes, count = [], {True: 0, False: 0}
    for pod in pods:
        process = processes.get(f"{pod.namespace}/{pod.name}")
        if not process or pod.kind == "dns":
            continue
        asked = [(target, port) for target, port in targets if target != pod]
        for (target, port), reached in zip(asked, tried(process, [(addresses[target], port) for target, port in asked])):
            wanted = allowed(pod, (target.kind, port), topology)
            count[wanted] += 1
            if reached != wanted:
                mistakes.append(f"{pod.namespace}/{pod.name} {'reaches' if reached else 'does not reach'} {target.name}:{port}")
    print(f"{count[True]} pairs that the topology names work, {count[False]} others are refused")
    if mistakes or not all(count.values()):
        sys.exit(f"{len(mistakes)} pairs are otherwise: {'; '.join(mistakes[:10])}")


if __name__ == "__main__":
    main()
