# shellcheck shell=bash disable=SC2154
# Starts and ends Aerolog's own processes on services that already run; to be sourced after processes.sh. The caller sets `data`, a
# directory that keeps logs, pids and states, and `bin`, where the programs are; KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL are set.

# start_processor NAME: one command processor, whose state is in DIR/NAME.
start_processor() {
    local port
    port="$(free_ports 1)"
    say "starting $1"
    AEROLOG_STATE_DIRECTORY="$data/$1" AEROLOG_OPERATIONS_ADDRESS="127.0.0.1:$port" AEROLOG_INSTANCE_ID="$1" \
        launch "$1" "$bin/command-processor"
    await "$1" curl -fs -o /dev/null -m 5 "http://127.0.0.1:$port/health/ready"
}

# start_gateway NAME HTTP_PORT: one command gateway, which keeps nothing.
start_gateway() {
    local port
    port="$(free_ports 1)"
    say "starting $1, which takes commands on http://127.0.0.1:$2"
    AEROLOG_OPERATIONS_ADDRESS="127.0.0.1:$port" AEROLOG_HTTP__ADDRESS="127.0.0.1:$2" launch "$1" "$bin/command-gateway"
    await "$1" curl -fs -o /dev/null -m 5 "http://127.0.0.1:$port/health/ready"
}

# start_materializer NAME HTTP_PORT: one materializer, whose view is in DIR/NAME.
start_materializer() {
    local port
    port="$(free_ports 1)"
    say "starting $1, which answers questions on http://127.0.0.1:$2"
    AEROLOG_STATE_DIRECTORY="$data/$1" AEROLOG_OPERATIONS_ADDRESS="127.0.0.1:$port" AEROLOG_HTTP__ADDRESS="127.0.0.1:$2" \
        launch "$1" "$bin/materializer"
    await "$1" curl -fs -o /dev/null -m 5 "http://127.0.0.1:$2/health/ready"
}
