# shellcheck shell=bash disable=SC2034,SC2154
# What is done to a cluster under load; to be sourced by `test`. A case returns when its change was made and prints what it measured; the caller waits
# until all is ready, has an owner and is decided, and audits.

CASES=(scale_processors rolling_update rollout_undo pod_deleted process_killed out_of_memory volume_lost scale_views wrong_configuration
    gateways_scaled_and_killed scaled_by_backlog everything_observed)

# What needs the engine that enforces NetworkPolicies.
CASES_OF_POLICIES=(network_policies)
# What needs another node to go to.
CASES_OF_SEVERAL_NODES=(node_drained node_gone)

scale() {
    kubectl scale "statefulset/$1" --replicas "$2" >/dev/null
    await_rollout "statefulset/$1"
}

# Seconds with a tenth, of this machine's clock.
now() {
    date +%s.%N
}

since() {
    awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.1f s", to - from }'
}

case_scale_processors() {
    local replicas began
    for replicas in 3 2 1 2; do
        began="$(now)"
        scale command-processor "$replicas"
        await_owned
        echo "to $replicas: $(since "$began");"
    done
}

# await_new_pod NAME UID: another pod of that name is ready.
await_new_pod() {
    local deadline=$((SECONDS + READY_SECONDS_MAX))
    until [[ "$(kubectl get pod "$1" -o jsonpath='{.metadata.uid} {.status.containerStatuses[0].ready}' 2>/dev/null)" =~ ^([^ ]+)' true'$ && "${BASH_REMATCH[1]}" != "$2" ]]; do
        ((SECONDS < deadline)) || { echo "$1 did not come back within $READY_SECONDS_MAX s" && return 1; }
        sleep 0.2
    done
}

case_pod_deleted() {
    local began uid
    uid="$(kubectl get pod command-processor-0 -o jsonpath='{.metadata.uid}')"
    began="$(now)"
    kubectl delete pod command-processor-0 --wait=false >/dev/null
    await_new_pod command-processor-0 "$uid"
    echo "ready again: $(since "$began")"
}

# restarts POD: how often the kubelet has restarted its container.
restarts() {
    kubectl get pod "$1" -o jsonpath='{.status.containerStatuses[0].restartCount}'
}

await_restart() {
    local pod="$1" before="$2" deadline=$((SECONDS + READY_SECONDS_MAX))
    until (($(restarts "$pod") > before)) && [[ "$(kubectl get pod "$pod" -o jsonpath='{.status.containerStatuses[0].ready}')" == true ]]; do
        ((SECONDS < deadline)) || { echo "$pod was not restarted within $READY_SECONDS_MAX s" && return 1; }
        sleep 0.2
    done
}

# process_of POD [NAMESPACE]: the id of its program on this machine.
process_of() {
    local id node
    id="$(kubectl -n "${2:-aerolog}" get pod "$1" -o jsonpath='{.status.containerStatuses[0].containerID}')"
    node="$(kubectl -n "${2:-aerolog}" get pod "$1" -o jsonpath='{.spec.nodeName}')"
    containerd_of "${node#node}" tasks list | awk -v id="${id#containerd://}" '$1 == id { print $2 }'
}

case_process_killed() {
    local began before
    before="$(restarts command-processor-0)"
    began="$(now)"
    kill -KILL "$(process_of command-processor-0)"
    await_restart command-processor-0 "$before"
    echo "ready again: $(since "$began")"
}

# The kernel ends a process whose group of memory is full; the limit is lowered on the running container's group.
case_out_of_memory() {
    local began before process limit reason
    before="$(restarts command-processor-0)"
    process="$(process_of command-processor-0)"
    limit="/sys/fs/cgroup/memory$(awk -F : '$2 == "memory" { print $3 }' "/proc/$process/cgroup")/memory.limit_in_bytes"
    [[ -f "$limit" ]] || { echo "this machine has no cgroups of version 1: the limit cannot be lowered here" && return 1; }
    began="$(now)"
    # What is in use cannot be taken back, so the next page is one too many.
    until ! kill -0 "$process" 2>/dev/null; do
        echo $((20 * 1024 * 1024)) >"$limit" 2>/dev/null || awk '{ print }' "${limit%limit_in_bytes}usage_in_bytes" 2>/dev/null >"$limit" || true
        (($(date +%s) - ${began%.*} < 60)) || { echo 'the process was not killed' && return 1; }
        sleep 0.2
    done
    await_restart command-processor-0 "$before"
    reason="$(kubectl get pod command-processor-0 -o jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}')"
    [[ "$reason" == OOMKilled ]] || { echo "the pod says $reason, not OOMKilled" && return 1; }
    echo "$reason, ready again: $(since "$began")"
}

case_volume_lost() {
    local began uid
    uid="$(kubectl get pod command-processor-1 -o jsonpath='{.metadata.uid}')"
    began="$(now)"
    # A claim goes once no pod uses it.
    kubectl delete pvc state-command-processor-1 --wait=false >/dev/null
    kubectl delete pod command-processor-1 --wait=false >/dev/null
    await_new_pod command-processor-1 "$uid"
    echo "ready with an empty volume: $(since "$began")"
}

# Questions go to the address of the Service all the while, each for a position that an earlier answer had.
case_scale_views() {
    local asked address counts
    address="$(kubectl get service materializer -o jsonpath='{.spec.clusterIP}')"
    python3 "$root/scripts/cluster.d/ask.py" "http://$address" "$work/asked-enough" >"$work/asked" &
    asked=$!
    scale materializer 4
    sleep 2
    scale materializer 1
    sleep 8
    scale materializer 2
    touch "$work/asked-enough"
    wait "$asked" || { cat "$work/asked" && return 1; }
    counts="$(cat "$work/asked")"
    echo "$counts"
}

# Commands go to the address of the Service all the while.
case_gateways_scaled_and_killed() {
    local asked pod began replicas
    rm -f "$work/commanded-enough"
    python3 "$root/scripts/cluster.d/commands.py" "http://$(kubectl get service command-gateway -o jsonpath='{.spec.clusterIP}')" "$work/commanded-enough" >"$work/commanded" &
    asked=$!
    for replicas in 4 1 2; do
        began="$(now)"
        kubectl scale deployment/command-gateway --replicas "$replicas" >/dev/null
        await_rollout deployment/command-gateway
        echo "to $replicas: $(since "$began");"
        sleep 5
    done
    # Both, one after the other.
    for pod in $(kubectl get pods -l app.kubernetes.io/name=command-gateway --field-selector=status.phase=Running -o jsonpath='{.items[?(@.status.containerStatuses[0].ready==true)].metadata.name}'); do
        local before
        before="$(restarts "$pod")"
        began="$(now)"
        kill -KILL "$(process_of "$pod")"
        await_restart "$pod" "$before"
        echo "killed, ready again: $(since "$began");"
        sleep 3
    done
    touch "$work/commanded-enough"
    wait "$asked" || { cat "$work/commanded" && return 1; }
    cat "$work/commanded"
}

# Who reaches whom, tried from inside of every pod.
case_network_policies() {
    local pod
    running_pid policies >/dev/null || { echo 'nothing enforces NetworkPolicies: scripts/cluster up --policies' && return 1; }
    all_of_cluster apply -f "$root/scripts/cluster.d/strangers.yaml" >/dev/null || return 1
    watching
    kubectl wait --for=condition=Ready pod/stranger pod/planner --timeout=60s >/dev/null || return 1
    all_of_cluster -n elsewhere wait --for=condition=Ready pod/viewer pod/pretender --timeout=60s >/dev/null || return 1
    all_of_cluster -n monitored wait --for=condition=Ready pod/scraper --timeout=60s >/dev/null || return 1
    # The engine writes its rules a moment after a pod has its address.
    sleep 5
    all_of_cluster get pods,namespaces -A -o json >"$work/pods.json"
    for pod in $(all_of_cluster get pods -A --field-selector=status.phase=Running -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}'); do
        echo "$pod $(process_of "${pod#*/}" "${pod%/*}")"
    done >"$work/processes"
    python3 -B "$root/scripts/cluster.d/network.py" "$root/topology/topology.toml" "$work/pods.json" "$work/processes" || return 1
    # Pods whose namespace goes may be gone before they are deleted; in a namespace that still goes nothing could be created.
    all_of_cluster delete --ignore-not-found --timeout=120s -f "$root/scripts/cluster.d/strangers.yaml" >/dev/null
}

# A backlog, and KEDA brings processors until it is decided; then it takes them away again.
case_scaled_by_backlog() {
    local began from backlog=0 seen=0 highest=0 limit
    install_keda || return 1
    # Each transaction has one command, so that a backlog lasts.
    kubectl set env statefulset/command-processor AEROLOG_BATCH_RECORDS_MAX=1 >/dev/null
    await_ready
    scale_by_backlog || return 1
    began="$(now)"
    start_constant_load 1500
    until (($(kubectl get statefulset command-processor -o jsonpath='{.spec.replicas}') == 4)); do
        seen="$(backlog_by_keda)" || seen=0
        ((seen <= highest)) || highest="$seen"
        (($(date +%s) - ${began%.*} < READY_SECONDS_MAX)) || { kubectl get hpa && stop_constant_load && return 1; }
        sleep 2
    done
    stop_constant_load
    echo "a backlog of $highest by KEDA: 4 processors after $(since "$began");"
    # However much waits, KEDA asks for no more processors than there are partitions.
    limit=$((24 * 200))
    ((highest <= limit)) || { echo "KEDA says $highest, more than a processor for each partition has ($limit)" && return 1; }
    await_rollout statefulset/command-processor
    began="$(now)"
    await_drained
    echo "decided after $(since "$began");"
    start_constant_load 60
    from="$(now_ms)" began="$(now)"
    await_replicas 2
    await_rollout statefulset/command-processor
    await_owned
    echo "2 processors again after $(since "$began");"
    pauses_since "$from" $((SESSION_MS + 1000)) || { stop_constant_load && return 1; }
    stop_constant_load
    kubectl delete scaledobject command-processor >/dev/null
    kubectl set env statefulset/command-processor AEROLOG_BATCH_RECORDS_MAX- >/dev/null
    kubectl scale statefulset/command-processor --replicas 2 >/dev/null
}

# No command waits, though some still come.
await_drained() {
    local deadline=$((SECONDS + DRAIN_SECONDS_MAX))
    until (($(metric aerolog_lag_offsets) < 400)); do
        ((SECONDS < deadline)) || { echo "$(metric aerolog_lag_offsets) commands wait after $DRAIN_SECONDS_MAX s" && return 1; }
        sleep 1
    done
}

# A key that the program does not know: the new pod says so in its status, and the others go on as they were.
case_wrong_configuration() {
    local deadline=$((SECONDS + READY_SECONDS_MAX)) message='' before
    before="$(identity command-processor-0)"
    kubectl create configmap wrong --from-literal=command-processor.toml='statedirectory = "/var/lib/aerolog"' --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    kubectl patch statefulset command-processor --type strategic \
        -p '{"spec":{"template":{"spec":{"volumes":[{"name":"configuration","configMap":{"name":"wrong"}}]}}}}' >/dev/null
    until [[ "$message" == *'unknown key "statedirectory"'* ]] || ((SECONDS >= deadline)); do
        message="$(kubectl get pod command-processor-1 -o jsonpath='{.status.containerStatuses[0].lastState.terminated.message}' 2>/dev/null || true)"
        sleep 0.5
    done
    kubectl rollout undo statefulset/command-processor >/dev/null
    # The kubelet waits longer after each failure, and the controller does not replace a pod that was never ready.
    kubectl delete pod command-processor-1 --wait=false >/dev/null
    [[ "$message" == *'unknown key "statedirectory"'* ]] || { echo "the pod's status does not name the key: $message" && return 1; }
    [[ "$(identity command-processor-0)" == "$before" ]] || { echo 'the other pod did not go on as it was' && return 1; }
    echo "the pod's status names the key; the other pod went on"
}

# Pods with volumes of the node's own disk wait for it; others of their kind go on meanwhile, one of each is missing at most.
case_node_drained() {
    local node began
    node="$(kubectl get pod command-processor-0 -o jsonpath='{.spec.nodeName}')"
    [[ "$(kubectl get pod command-processor-1 -o jsonpath='{.spec.nodeName}')" != "$node" ]] || { echo 'both processors are on one node' && return 1; }
    began="$(now)"
    kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --force --pod-selector=app.kubernetes.io/name=command-processor --timeout=120s >/dev/null
    await_owned
    echo "drained, and all partitions owned by the other: $(since "$began");"
    began="$(now)"
    kubectl uncordon "$node" >/dev/null
    await_ready
    echo "back: $(since "$began")"
}

# A node that has a processor and neither Kafka nor the registry, which have no copy, nor what this test itself needs.
node_to_lose() {
    local node needed
    needed="$(kubectl get pods -l 'app.kubernetes.io/name in (kafka,schema-registry,load,watch)' -o jsonpath='{.items[*].spec.nodeName}')"
    needed+=" $(all_of_cluster -n kube-system get pods -o jsonpath='{.items[*].spec.nodeName}')"
    for node in $(kubectl get pods -l app.kubernetes.io/name=command-processor -o jsonpath='{.items[*].spec.nodeName}'); do
        [[ " $needed " == *" $node "* ]] || { echo "$node" && return; }
    done
    echo "each node with a processor has something without a copy: $needed" >&2
    return 1
}

# A node loses its power: kubelet, containerd and every process of its pods at once. What runs elsewhere goes on; Kubernetes puts nothing of a StatefulSet
# elsewhere until a person says that the node is gone, and what lies on the node's own disk is gone with it.
case_node_gone() {
    local node began from claims claim pods
    node="$(node_to_lose)" || return 1
    start_constant_load "$PAUSE_LOAD_RATE"
    pods="$(kubectl get pods --field-selector="spec.nodeName=$node" -o jsonpath='{.items[*].metadata.name}')"
    began="$(now)" from="$(now_ms)"
    end_node "${node#node}" >/dev/null 2>&1
    await_owned_by_others "$node"
    echo "$node with $pods: all partitions owned by others after $(since "$began");"
    pauses_since "$from" $((SESSION_MS + 2000)) || { stop_constant_load && return 1; }
    kubectl wait --for=condition=Ready=Unknown "node/$node" --timeout=120s >/dev/null || kubectl wait --for=condition=Ready=False "node/$node" --timeout=10s >/dev/null
    echo "not ready for Kubernetes after $(since "$began");"
    # As docs/operations.md says: the node is deleted, then the claims that lie on it and their pods.
    all_of_cluster delete node "$node" >/dev/null
    claims="$(claims_on "$node")"
    for claim in $claims; do
        kubectl delete pvc "$claim" --wait=false >/dev/null
    done
    began="$(now)"
    for claim in $claims; do
        # Without force it would wait for the kubelet to say that it has ended.
        kubectl delete pod "${claim#state-}" --force --grace-period=0 --ignore-not-found >/dev/null 2>&1
    done
    if ! { await_ready && await_owned; }; then
        stop_constant_load
        return 1
    fi
    echo "claims $claims deleted: all pods ready elsewhere after $(since "$began");"
    stop_constant_load
    revive_node "${node#node}"
    await_node "${node#node}"
}

# The claims whose volumes lie on a node.
claims_on() {
    all_of_cluster get pv -o json | python3 -c '
import json, sys
for volume in json.load(sys.stdin)["items"]:
    spec = volume["spec"]
    nodes = spec["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["values"]
    if sys.argv[1] in nodes and volume["status"]["phase"] == "Bound" and spec["claimRef"]["namespace"] == "aerolog":
        print(spec["claimRef"]["name"])' "$1" | paste -sd ' '
}

# await_owned_by_others NODE: processors elsewhere own every partition.
await_owned_by_others() {
    local deadline=$((SECONDS + READY_SECONDS_MAX)) addresses address
    addresses="$(kubectl get pods -l app.kubernetes.io/name=command-processor -o json | python3 -c '
import json, sys
print(*(pod["status"]["podIP"] for pod in json.load(sys.stdin)["items"] if pod["spec"]["nodeName"] != sys.argv[1]))' "$1")"
    until (($(for address in $addresses; do curl -sf -m 1 "http://$address:9101/metrics"; done | awk '$1 == "aerolog_partitions_owned" { sum += $2 } END { print sum + 0 }') == 24)); do
        ((SECONDS < deadline)) || { echo "others do not own all partitions after $READY_SECONDS_MAX s" && return 1; }
        sleep 0.2
    done
}

# What changes when a pod or its process is another one.
identity() {
    kubectl get pod "$1" -o jsonpath='{.metadata.uid} {.status.containerStatuses[0].restartCount}'
}
