# shellcheck shell=bash disable=SC2154
# Three brokers and a controller of their own, for what a single broker cannot show: failover, and too few replicas in sync. To be
# sourced after processes.sh. Every topic has three replicas, of which two must be in sync.

CLUSTER_NODES=(1 2 3)

# node_settings NODE: everything that differs from a single node's properties; what stands later in the file counts.
node_settings() {
    local node="$1" port_of="node_port_$1"
    cat "$install_d/server.properties"
    cat <<PROPERTIES
node.id=$node
controller.quorum.voters=100@127.0.0.1:$cluster_controller_port
log.dirs=$data/node-$node/log
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.min.isr=2
PROPERTIES
    if ((node == 100)); then
        echo 'process.roles=controller'
        echo "listeners=CONTROLLER://127.0.0.1:$cluster_controller_port"
    else
        echo 'process.roles=broker'
        echo "listeners=PLAINTEXT://127.0.0.1:${!port_of}"
        echo "advertised.listeners=PLAINTEXT://127.0.0.1:${!port_of}"
    fi
}

load_cluster_settings() {
    [[ -f "$data/cluster.settings" ]] || die "no cluster was started in $data yet: use scripts/services start-cluster --data $data"
    # shellcheck source=/dev/null
    source "$data/cluster.settings"
    use_kafka "${wanted_kafka:-${cluster_kafka_version:-}}"
}

choose_cluster_settings() {
    [[ ! -f "$data/cluster.settings" ]] || return 0
    use_kafka "$wanted_kafka"
    local ports
    read -ra ports <<<"$(free_ports 4)"
    {
        printf 'cluster_id=%q\ncluster_kafka_version=%q\n' "$(random_cluster_id)" "$kafka_version"
        printf 'cluster_controller_port=%q\n' "${ports[0]}"
        printf 'node_port_1=%q\nnode_port_2=%q\nnode_port_3=%q\n' "${ports[@]:1}"
    } >"$data/cluster.settings"
}

launch_node() {
    local node="$1" name="node-$1"
    local settings="$data/$name/server.properties"
    if running_pid "$name" >/dev/null; then
        return
    fi
    mkdir -p "$data/$name"
    node_settings "$node" >"$settings"
    if [[ ! -f "$data/$name/log/meta.properties" ]]; then
        kafka_java kafka.tools.StorageTool format -t "$cluster_id" -c "$settings" >"$data/$name.log" 2>&1 \
            || die "the storage of $name could not be formatted" "$data/$name.log"
    fi
    # shellcheck disable=SC2086 # options are words
    launch "$name" "$JAVA" ${KAFKA_JVM_OPTIONS:--Xms128m -Xmx384m -XX:+UseSerialGC} \
        -Dlog4j2.configurationFile="$install_d/log4j2.properties" -cp "$kafka_libs/*" kafka.Kafka "$settings"
}

await_node() {
    await "node-$1" grep -q 'Kafka Server started' "$data/node-$1.log"
}

start_cluster() {
    choose_cluster_settings
    load_cluster_settings
    install_services
    say "starting three brokers and a controller"
    local node
    for node in 100 "${CLUSTER_NODES[@]}"; do
        launch_node "$node"
    done
    for node in 100 "${CLUSTER_NODES[@]}"; do
        await_node "$node"
    done
    echo "127.0.0.1:$node_port_1,127.0.0.1:$node_port_2,127.0.0.1:$node_port_3" >"$data/cluster.brokers"
    say "three brokers at $(cat "$data/cluster.brokers")"
}

start_node() {
    load_cluster_settings
    if [[ -n "$wanted_kafka_port" ]]; then
        sed -i "s/^node_port_$1=.*/node_port_$1=$wanted_kafka_port/" "$data/cluster.settings"
        load_cluster_settings
    fi
    install_services
    launch_node "$1"
    await_node "$1"
}

stop_cluster() {
    local node
    # The brokers leave in an orderly way only while there is a controller.
    for node in "${CLUSTER_NODES[@]}" 100; do
        if [[ -f "$data/node-$node.pid" ]]; then
            end "node-$node" TERM
        fi
    done
}
