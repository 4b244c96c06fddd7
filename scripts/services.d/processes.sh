# shellcheck shell=bash disable=SC2154
# Starts and ends the broker and the registry of one data directory; to be sourced after install.sh.
# A process is known by its pid and its start time together, so that a reused pid is never signalled.

START_SECONDS_MAX=90
STOP_SECONDS_MAX=30

# started_at PID: the kernel's start time of a live process (a zombie counts as gone), empty if there is none.
started_at() {
    local line state
    line="$(cat "/proc/$1/stat" 2>/dev/null)" || return 0
    # The second field is a name in parentheses that may itself hold spaces and parentheses.
    read -ra line <<<"${line##*) }"
    state="${line[0]}"
    [[ "$state" == Z || "$state" == X ]] || echo "${line[19]}"
}

# running_pid NAME: prints the pid of the process of that name, fails if it does not run.
running_pid() {
    local pid began
    read -r pid began 2>/dev/null <"$data/$1.pid" || return 1
    [[ -n "$began" && "$(started_at "$pid")" == "$began" ]] && echo "$pid"
}

# launch NAME COMMAND…: starts a process that survives this script, in a session of its own so that Ctrl-C does not reach it.
launch() {
    local name="$1" pid
    shift
    [[ -f "$data/$name.log" ]] && mv -f "$data/$name.log" "$data/$name.log.1"
    setsid nohup "$@" >"$data/$name.log" 2>&1 </dev/null 9>&- &
    pid=$!
    disown "$pid"
    echo "$pid $(started_at "$pid")" >"$data/$name.pid"
}

# await NAME CHECK…: waits until the check succeeds; a process that ends meanwhile, or takes too long, is an error.
await() {
    local name="$1" deadline=$((SECONDS + START_SECONDS_MAX))
    shift
    until "$@"; do
        running_pid "$name" >/dev/null || die "$name ended while it was starting" "$data/$name.log"
        ((SECONDS < deadline)) || die "$name was not ready after $START_SECONDS_MAX s" "$data/$name.log"
        sleep 0.2
    done
}

# end NAME SIGNAL: waits until the process is gone; one that ignores SIGTERM for too long is killed.
end() {
    local name="$1" signal="$2" pid deadline=$((SECONDS + STOP_SECONDS_MAX))
    if ! pid="$(running_pid "$name")"; then
        rm -f "$data/$name.pid"
        # In a trap, a bare return gives the status from before the trap, and the rest would not be cleaned up.
        return 0
    fi
    say "stopping $name (pid $pid, SIG$signal)"
    kill -s "$signal" "$pid" 2>/dev/null || true
    # One that was suspended would hear it only when it goes on.
    kill -s CONT "$pid" 2>/dev/null || true
    while running_pid "$name" >/dev/null; do
        if ((SECONDS >= deadline)); then
            say "$name did not stop within $STOP_SECONDS_MAX s: killing it"
            kill -s KILL "$pid" 2>/dev/null || true
            deadline=$((SECONDS + STOP_SECONDS_MAX))
        fi
        sleep 0.1
    done
    rm -f "$data/$name.pid"
}

start_kafka() {
    if running_pid kafka >/dev/null; then
        return
    fi
    local settings="$data/kafka/server.properties" log="$data/kafka.log"
    port_is_free "$kafka_port" || die "port $kafka_port is in use: choose another with --kafka-port"
    mkdir -p "$data/kafka"
    {
        cat "$install_d/server.properties"
        echo "listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$controller_port"
        echo "advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port"
        echo "controller.quorum.voters=1@127.0.0.1:$controller_port"
        echo "log.dirs=$data/kafka/log"
        # What stands later in the file counts.
        if is_secure; then
            secure_properties
        fi
        [[ ! -f "$data/properties" ]] || cat "$data/properties"
    } >"$settings"
    chmod 600 "$settings"
    if [[ ! -f "$data/kafka/log/meta.properties" ]]; then
        local passwords=()
        mapfile -t passwords < <(scram_arguments)
        kafka_java kafka.tools.StorageTool format -t "$(random_cluster_id)" -c "$settings" "${passwords[@]}" >"$log" 2>&1 \
            || die "Kafka's storage could not be formatted" "$log"
    fi
    say "starting Kafka $kafka_version on 127.0.0.1:$kafka_port"
    # shellcheck disable=SC2086 # options are words
    launch kafka "$JAVA" ${KAFKA_JVM_OPTIONS:--Xms256m -Xmx512m -XX:+UseG1GC} -Dlog4j2.configurationFile="$install_d/log4j2.properties" \
        -cp "$kafka_libs/*" kafka.Kafka "$settings"
}

await_kafka() {
    await kafka grep -q 'Kafka Server started' "$data/kafka.log"
}

kafka_java() {
    "$JAVA" -Xmx128m -XX:TieredStopAtLevel=1 -cp "$kafka_libs/*" "$@"
}

# The form Kafka wants: 16 random bytes in URL-safe base64, not beginning with a dash.
random_cluster_id() {
    head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' | sed 's/^-/A/'
}

start_registry() {
    if running_pid registry >/dev/null; then
        return
    fi
    local storage=(APICURIO_STORAGE_KIND=kafkasql "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS=127.0.0.1:$kafka_port")
    if [[ "$registry_storage" == memory ]]; then
        storage=(APICURIO_STORAGE_KIND=sql)
    fi
    port_is_free "$registry_port" || die "port $registry_port is in use: choose another with --registry-port"
    mkdir -p "$data/registry"
    say "starting Apicurio Registry $REGISTRY_VERSION on 127.0.0.1:$registry_port (storage: $registry_storage)"
    # shellcheck disable=SC2086 # options are words
    launch registry env --chdir="$data/registry" "${storage[@]}" QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT="$registry_port" \
        QUARKUS_MANAGEMENT_HOST=127.0.0.1 QUARKUS_MANAGEMENT_PORT="$management_port" \
        "$JAVA" ${REGISTRY_JVM_OPTIONS:--Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1} -jar "$registry_home/quarkus-run.jar"
}

await_registry() {
    await registry curl -fs -o /dev/null -m 5 "http://127.0.0.1:$registry_port/apis/ccompat/v7/subjects"
}

port_is_free() {
    python3 - "$1" <<'PYTHON'
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PYTHON
}

# free_ports COUNT: that many different free ports on one line. They lie below the range from which the kernel takes the ports of
# outgoing connections, because a client that keeps calling a stopped server could otherwise be given that server's own port.
free_ports() {
    python3 - "$1" <<'PYTHON'
import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", random.randrange(20000, 32000)))
        held.append(probe)
    except OSError:
        probe.close()
print(*(each.getsockname()[1] for each in held))
PYTHON
}
