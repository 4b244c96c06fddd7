# shellcheck shell=bash disable=SC2034,SC2154
# What is done to a cluster under load; to be sourced by `test`. A case returns when its change was made and prints what it measured; the caller waits
# until all is ready, has an owner and is decided, and audits.

CASES=(scale_processors rolling_update rollout_undo pod_deleted process_killed out_of_memory volume_lost scale_views wrong_configuration)

# What needs another node to go to.
CASES_OF_SEVERAL_NODES=(node_drained)

scale() {
    kubectl scale "statefulset/$1" --replicas "$2" >/dev/null
    kubectl rollout status "statefulset/$1" --timeout "${READY_SECONDS_MAX}s" >/dev/null
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

# The same programs under another tag: what is tried is the order of an update, not a difference of builds.
case_rolling_update() {
    local node began workload tag
    tag="next-$(date +%s)"
    for node in $(nodes_of_cluster); do
        containerd_of "$node" images tag localhost/aerolog:0.1.0 "localhost/aerolog:$tag" >/dev/null
    done
    began="$(now)"
    for workload in "${WORKLOADS[@]}"; do
        kubectl set image "$workload" "${workload#*/}=localhost/aerolog:$tag" >/dev/null
    done
    await_ready
    echo "all updated one pod at a time: $(since "$began");"
}

# The image of each program, as its workload has it.
images_of_workloads() {
    kubectl get "${WORKLOADS[@]}" -o jsonpath='{.items[*].spec.template.spec.containers[0].image}'
}

case_rollout_undo() {
    local began before workload
    before="$(images_of_workloads)"
    case_rolling_update
    began="$(now)"
    for workload in "${WORKLOADS[@]}"; do
        kubectl rollout undo "$workload" >/dev/null
    done
    await_ready
    [[ "$(images_of_workloads)" == "$before" ]] || { echo 'the former images did not come back' && return 1; }
    echo "undone: $(since "$began")"
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

# process_of POD: the id of its program on this machine.
process_of() {
    local id node
    id="$(kubectl get pod "$1" -o jsonpath='{.status.containerStatuses[0].containerID}')"
    node="$(kubectl get pod "$1" -o jsonpath='{.spec.nodeName}')"
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

# What changes when a pod or its process is another one.
identity() {
    kubectl get pod "$1" -o jsonpath='{.metadata.uid} {.status.containerStatuses[0].restartCount}'
}
