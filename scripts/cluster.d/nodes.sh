# shellcheck shell=bash disable=SC2154
# Nodes: a kubelet and a containerd each, with directories, sockets, cgroups and a network for pods of their own; to be sourced after
# control-plane.sh.

VOLUMES_PER_NODE=12
NODE_SECONDS_MAX=60
CGROUP_CONTROLLERS=(cpu cpuacct cpuset memory devices freezer blkio pids systemd hugetlb net_cls net_prio perf_event)

nodes_of_cluster() {
    [[ -f "$data/nodes" ]] || die "no cluster runs: scripts/cluster up"
    seq "$(cat "$data/nodes")"
}

containerd_of() {
    local node="$1"
    shift
    ctr --address "$data/node$node/containerd.sock" --namespace k8s.io "$@"
}

containerd_answers() {
    containerd_of "$1" version >/dev/null 2>&1
}

start_node_of_cluster() {
    local node="$1" home="$data/node$1" archive="$AEROLOG_CACHE/images/pause.tar"
    say "starting node$node"
    mkdir -p "$home/cni" "$home/volumes"
    (cd -- "$data/pki" && make_key "node$node" "/O=system:nodes/CN=system:node:node$node" "DNS:node$node,IP:$(address_of "$node")") \
        >>"$data/log/keys" 2>&1 || die "the keys of node$node could not be made" "$data/log/keys"
    kubeconfig "node$node"
    network_of "$node" >"$home/cni/10-pods.conflist"
    containerd_settings "$node" >"$home/containerd.toml"
    kubelet_settings "$node" >"$home/kubelet.yaml"
    boot_node "$node"
    [[ -f "$archive" ]] || program_image pause "$(command -v sleep)" "$archive"
    containerd_of "$node" images import "$archive" >/dev/null
    start_kubelet "$node"
}

# Its interface, its groups of processes, and containerd with the images that it has.
boot_node() {
    local node="$1"
    ip link add "aerolog-node$node" type bridge
    ip address add "$(address_of "$node")/32" dev "aerolog-node$node"
    ip link set "aerolog-node$node" up
    make_cgroups "$node"
    launch "containerd$node" containerd -c "$data/node$node/containerd.toml"
    await "containerd$node" containerd_answers "$node"
}

start_kubelet() {
    local node="$1" home="$data/node$1"
    launch "kubelet$node" "$programs/kubelet" --config="$home/kubelet.yaml" --kubeconfig="$data/node$node.kubeconfig" \
        --hostname-override="node$node" --node-ip="$(address_of "$node")" --root-dir="$home/kubelet" --cert-dir="$home/kubelet-pki" \
        --runtime-cgroups="/aerolog-node$node" --kubelet-cgroups="/aerolog-node$node"
}

# The kubelet takes no loopback address; each node has an interface of its own that leads nowhere.
address_of() {
    echo "10.200.1.$1"
}

network_of() {
    cat <<JSON
{"cniVersion": "1.0.0", "name": "aerolog-node$1", "plugins": [{"type": "bridge", "bridge": "aerolog-pods$1", "isGateway": true, "ipMasq": true,
 "hairpinMode": true, "ipam": {"type": "host-local", "dataDir": "$data/node$1/addresses",
 "ranges": [[{"subnet": "10.244.$1.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
}

containerd_settings() {
    cat <<TOML
version = 2
root = "$data/node$1/containerd"
state = "$data/node$1/containerd-run"
[grpc]
  address = "$data/node$1/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # Where this process may not make itself less likely to be killed, neither may containers.
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$data/node$1/cni"
TOML
}

kubelet_settings() {
    cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $data/pki/ca.crt}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: /aerolog-node$1
podLogsDir: $data/node$1/logs
containerRuntimeEndpoint: unix://$data/node$1/containerd.sock
failSwapOn: false
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
address: $(address_of "$1")
port: 20250
healthzPort: $((20260 + $1))
tlsCertFile: $data/pki/node$1.crt
tlsPrivateKeyFile: $data/pki/node$1.key
# Kubernetes gives cgroups of version 1 up; machines that have them still run this version.
failCgroupV1: false
localStorageCapacityIsolation: false
evictionHard: {memory.available: "1Mi", nodefs.available: "0%", imagefs.available: "0%", nodefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
# A test reads the log of one container over minutes.
containerLogMaxSize: 200Mi
nodeStatusUpdateFrequency: 5s
YAML
}

make_cgroups() {
    local controller
    for controller in "${CGROUP_CONTROLLERS[@]}"; do
        [[ ! -d "/sys/fs/cgroup/$controller" ]] || mkdir -p "/sys/fs/cgroup/$controller/aerolog-node$1"
    done
    # A new group of CPUs has none until it is given some.
    local cpuset=/sys/fs/cgroup/cpuset
    if [[ -f "$cpuset/cpuset.cpus" && -d "$cpuset/aerolog-node$1" ]]; then
        cat "$cpuset/cpuset.cpus" >"$cpuset/aerolog-node$1/cpuset.cpus"
        cat "$cpuset/cpuset.mems" >"$cpuset/aerolog-node$1/cpuset.mems"
    fi
}

await_node() {
    local deadline=$((SECONDS + NODE_SECONDS_MAX))
    until kubectl wait --for=condition=Ready "node/node$1" --timeout=2s >/dev/null 2>&1; do
        running_pid "kubelet$1" >/dev/null || die "the kubelet of node$1 ended" "$data/kubelet$1.log"
        ((SECONDS < deadline)) || die "node$1 was not ready after $NODE_SECONDS_MAX s" "$data/kubelet$1.log"
        sleep 0.5
    done
}

# program_image NAME PROGRAM ARCHIVE: an image of one program with its libraries.
program_image() {
    local name="$1" program="$2" archive="$3" work container
    local tool=(buildah --storage-driver vfs)
    work="$(mktemp -d)"
    tool+=(--root "$work/storage" --runroot "$work/run")
    mkdir -p "$work/content" "$(dirname -- "$archive")"
    if ldd "$program" >/dev/null 2>&1; then
        "$root/scripts/images.d/root" "$work/content" "$program"
    else
        install -D -m 755 "$program" "$work/content/usr/bin/$(basename -- "$program")"
    fi
    container="$("${tool[@]}" from scratch)"
    "${tool[@]}" copy --quiet "$container" "$work/content" / >/dev/null
    local entry="[\"/usr/bin/$name\"]"
    [[ "$name" != pause ]] || entry='["/usr/bin/sleep", "infinity"]'
    "${tool[@]}" config --entrypoint "$entry" "$container"
    "${tool[@]}" commit --quiet --rm "$container" "docker-archive:$archive:localhost/$name:1" >/dev/null
    rm -rf "$work"
}

# Volumes that are folders of a node, made beforehand: a claim is bound once its pod is placed.
volumes_of() {
    local volume folder
    for ((volume = 1; volume <= VOLUMES_PER_NODE; volume++)); do
        folder="$data/node$1/volumes/$volume"
        mkdir -p "$folder"
        cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: node$1-$volume}
spec:
  capacity: {storage: 4Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: $folder}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node$1]}]
YAML
    done
}

end_nodes() {
    local node
    [[ -f "$data/nodes" ]] || return 0
    for node in $(nodes_of_cluster); do
        end_node "$node"
    done
}

end_node() {
    local node="$1" container sandbox shim mount link sockets=()
    end "kubelet$node" KILL
    local namespaces=()
    if running_pid "containerd$node" >/dev/null; then
        for container in $(containerd_of "$node" containers list -q); do
            sandbox="$(containerd_of "$node" containers info "$container" | grep -o '/var/run/netns/cni-[0-9a-f-]*' | head -n 1 || true)"
            [[ -z "$sandbox" ]] || namespaces+=("$sandbox")
        done
    fi
    end "containerd$node" KILL
    # Where each shim listens is stored with its pod.
    local address
    for address in "$data/node$node"/containerd-run/io.containerd.runtime.v2.task/k8s.io/*/address; do
        [[ ! -f "$address" ]] || sockets+=("$(sed 's|^unix://||' "$address")")
    done
    # Each pod has a shim, which outlives containerd and ends the pod's processes with itself.
    for shim in $(shims_of "$node"); do
        pkill -KILL -P "$shim" || true
        kill -KILL "$shim" 2>/dev/null || true
    done
    rm -f "${sockets[@]}"
    for sandbox in "${namespaces[@]}"; do
        umount -l "$sandbox" 2>/dev/null || true
        rm -f "$sandbox"
    done
    while read -r mount; do
        umount -l "$mount"
    done < <(awk '{ print $2 }' /proc/mounts | grep "^$data/node$node/" | sort -r)
    # A pod's interface goes with its namespace, which another mount namespace may still hold.
    for link in $(ip -oneline link show master "aerolog-pods$node" 2>/dev/null | grep -o 'veth[0-9a-f]*' | sort -u); do
        ip link delete "$link" 2>/dev/null || true
    done
    ip link delete "aerolog-pods$node" 2>/dev/null || true
    ip link delete "aerolog-node$node" 2>/dev/null || true
    find /sys/fs/cgroup -depth -type d -path "*/aerolog-node$node*" -exec rmdir {} \; 2>/dev/null || true
    rm -f /var/lib/cni/results/"aerolog-node$node"-*
    # Links to logs that were in this node's directory; the kubelet has a fixed place for them.
    find /var/log/containers -type l -lname "$data/node$node/*" -delete 2>/dev/null || true
}

# A machine that has lost its power comes back: its images and volumes are there, its pods are not.
revive_node() {
    local node="$1"
    rm -rf "$data/node$node/containerd-run" "$data/node$node/addresses" "$data/node$node/kubelet/pods"
    boot_node "$node"
    start_kubelet "$node"
}

# The shims of a node's containerd, known by the socket on their command lines.
shims_of() {
    local process
    for process in /proc/[0-9]*; do
        # A process may end meanwhile.
        if { tr '\0' ' ' <"$process/cmdline" | grep "containerd-shim.*-address $data/node$1/containerd.sock"; } >/dev/null 2>&1; then
            basename -- "$process"
        fi
    done
}
