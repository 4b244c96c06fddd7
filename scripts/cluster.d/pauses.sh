# shellcheck shell=bash disable=SC2154
# How long partitions are silent under a constant load to all of them; to be sourced by `test`. The times are the broker's, as the events in the log have
# them.

# In a second, over all partitions: each has a dozen.
PAUSE_LOAD_RATE=300
PAUSE_MS_MAX=1000
# Before a change, so that all is as it is all day.
WARM_UP_SECONDS=15
# After a change, so that what comes late is seen.
CALM_SECONDS=5

watching() {
    kubectl get pod watch >/dev/null 2>&1 || kubectl apply -f "$root/scripts/cluster.d/watch.yaml" >/dev/null
    kubectl wait --for=condition=Ready pod/watch --timeout=120s >/dev/null
}

# produce_commands ARGUMENT…: produces each line of its standard input to the commands topic as a record: key, tab, value. The arguments are for kcat.
produce_commands() {
    kubectl exec -i watch -- /usr/bin/kcat -P -b kafka:9092 -t schedule.commands -K '\t' -X topic.partitioner=murmur2_random -X linger.ms=5 "$@"
}

# start_constant_load RATE: commands that each change an airport, in turn, instead of imports.
start_constant_load() {
    watching
    pause_import || return 1
    if [[ ! -f "$work/airports" ]]; then
        head -n 481 "$root/data/airports.csv" >"$work/airports"
        in_load import airports /data/airports.csv >"$work/airports.log" 2>&1 || { tail -n 3 "$work/airports.log" && return 1; }
    fi
    rm -f "$work/constant-enough"
    (
        python3 -u "$root/scripts/cluster.d/pauses.py" send "$work/airports" "$1" "$work/constant-enough" |
            produce_commands -H content-type=application/json
    ) >"$work/constant.log" 2>&1 &
    constant_pid=$!
    await_events
    sleep "$WARM_UP_SECONDS"
}

stop_constant_load() {
    touch "$work/constant-enough"
    wait "$constant_pid" 2>/dev/null || true
    resume_import
}

# The consumer has joined and commands are decided.
await_events() {
    local deadline=$((SECONDS + READY_SECONDS_MAX))
    until kubectl logs watch --since=2s 2>/dev/null | grep -q '^[0-9]'; do
        ((SECONDS < deadline)) || { echo 'no event of the constant load came' && cat "$work/constant.log" && return 1; }
        sleep 0.5
    done
}

now_ms() {
    date +%s%3N
}

# pauses_since MS [MAX_MS]: of each partition the longest, from then until now.
pauses_since() {
    local from="$1" until
    sleep "$CALM_SECONDS"
    until="$(now_ms)"
    # What was decided until then is printed a moment later.
    sleep 2
    kubectl logs watch --since="$((($(now_ms) - from) / 1000 + 10))s" >"$work/events"
    python3 "$root/scripts/cluster.d/pauses.py" read "$from" "$until" "${2:-$PAUSE_MS_MAX}" <"$work/events"
}

# The version that every processor says it is, each once.
versions() {
    processors_metrics | sed -n 's/^aerolog_build_info{.*version="\([^"]*\)".*/\1/p' | sort -u | paste -sd ' '
}

# The image of the other of both builds; they differ in the version that they say they are.
other_image() {
    local image
    image="$(kubectl get statefulset command-processor -o jsonpath='{.spec.template.spec.containers[0].image}')"
    [[ "$image" == "$NEXT_IMAGE" ]] && echo "$BASE_IMAGE" || echo "$NEXT_IMAGE"
}

BASE_IMAGE=localhost/aerolog:0.1.0
NEXT_IMAGE=localhost/aerolog:0.1.1

case_rolling_update() {
    local image began from workload
    image="$(other_image)"
    [[ -n "$(containerd_of 1 images list -q "name==$image")" ]] || { echo "$image is not loaded: scripts/images --as-version ${NEXT_IMAGE##*:}, scripts/cluster load" && return 1; }
    start_constant_load "$PAUSE_LOAD_RATE"
    from="$(now_ms)" began="$(now)"
    # One program after the other, as docs/operations.md says: pods that start take processors from those that decide.
    for workload in "${WORKLOADS[@]}"; do
        kubectl set image "$workload" "${workload#*/}=$image" "await-setup=$image" >/dev/null
        await_rollout "$workload" || { stop_constant_load && return 1; }
    done
    echo "all updated one pod at a time: $(since "$began");"
    await_owned
    pauses_since "$from" || { stop_constant_load && return 1; }
    stop_constant_load
    [[ "$(versions)" == "${image##*:}" ]] || { echo "processors say they are $(versions), not ${image##*:}" && return 1; }
}

# The image of each program, as its workload has it.
images_of_workloads() {
    kubectl get "${WORKLOADS[@]}" -o jsonpath='{.items[*].spec.template.spec.containers[0].image}'
}

case_rollout_undo() {
    local began before from workload
    before="$(images_of_workloads)"
    case_rolling_update || return 1
    start_constant_load "$PAUSE_LOAD_RATE"
    from="$(now_ms)" began="$(now)"
    for workload in "${WORKLOADS[@]}"; do
        kubectl rollout undo "$workload" >/dev/null
        await_rollout "$workload" || { stop_constant_load && return 1; }
    done
    [[ "$(images_of_workloads)" == "$before" ]] || { echo 'the former images did not come back' && return 1; }
    echo "undone: $(since "$began");"
    await_owned
    pauses_since "$from" || { stop_constant_load && return 1; }
    stop_constant_load
}
