# shellcheck shell=bash disable=SC2154
# The part of a cluster that decides: etcd, API server, controllers, scheduler, and the addresses of services; to be sourced after
# processes.sh. `data` is where all of it lives.

API_PORT=16443
ETCD_PORT=16379
API_ADDRESS=10.200.0.1
SERVICE_RANGE=10.96.0.0/24
POD_RANGE=10.244.0.0/16

make_keys() {
    mkdir -p "$data/pki"
    (
        cd -- "$data/pki"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=aerolog-cluster
        make_key apiserver /CN=kube-apiserver "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:$API_ADDRESS,IP:127.0.0.1,IP:10.96.0.1"
        make_key admin /O=system:masters/CN=admin
        # As which the API server asks other servers for what they add to it.
        make_key front-proxy /CN=front-proxy
        openssl genrsa -out sa.key 2048
        openssl rsa -in sa.key -pubout -out sa.pub
    ) >"$data/log/keys" 2>&1 || die "the cluster's keys could not be made" "$data/log/keys"
    kubeconfig admin
}

# make_key NAME SUBJECT [ALTERNATIVE NAMES]: in the folder of keys.
make_key() {
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
        -extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}")
}

kubeconfig() {
    cat >"$data/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters:
- {name: aerolog, cluster: {server: "https://127.0.0.1:$API_PORT", certificate-authority: $data/pki/ca.crt}}
users:
- {name: $1, user: {client-certificate: $data/pki/$1.crt, client-key: $data/pki/$1.key}}
contexts:
- {name: $1, context: {cluster: aerolog, user: $1}}
current-context: $1
YAML
}

api_answers() {
    kubectl get --raw /readyz >/dev/null 2>&1
}

start_control_plane() {
    say "starting etcd and the API server"
    launch etcd "$programs/etcd" --data-dir "$data/etcd" --unsafe-no-fsync --listen-client-urls "http://127.0.0.1:$ETCD_PORT" \
        --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" --listen-peer-urls http://127.0.0.1:16380 \
        --initial-advertise-peer-urls http://127.0.0.1:16380 --initial-cluster default=http://127.0.0.1:16380
    # Pods reach the API server by this address, which no other machine can reach.
    ip link add aerolog-api type bridge
    ip address add "$API_ADDRESS/32" dev aerolog-api
    ip link set aerolog-api up
    launch apiserver "$programs/kube-apiserver" --etcd-servers="http://127.0.0.1:$ETCD_PORT" --secure-port="$API_PORT" --bind-address=0.0.0.0 \
        --advertise-address="$API_ADDRESS" --service-cluster-ip-range="$SERVICE_RANGE" --tls-cert-file="$data/pki/apiserver.crt" \
        --tls-private-key-file="$data/pki/apiserver.key" --client-ca-file="$data/pki/ca.crt" --service-account-key-file="$data/pki/sa.pub" \
        --service-account-signing-key-file="$data/pki/sa.key" --service-account-issuer=https://kubernetes.default.svc \
        --authorization-mode=Node,RBAC --kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$data/pki/admin.crt" \
        --kubelet-client-key="$data/pki/admin.key" --requestheader-client-ca-file="$data/pki/ca.crt" --requestheader-allowed-names=front-proxy \
        --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
        --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$data/pki/front-proxy.crt" \
        --proxy-client-key-file="$data/pki/front-proxy.key"
    await apiserver api_answers
    launch controllers "$programs/kube-controller-manager" --kubeconfig="$data/admin.kubeconfig" \
        --service-account-private-key-file="$data/pki/sa.key" --root-ca-file="$data/pki/ca.crt" --cluster-cidr="$POD_RANGE" \
        --allocate-node-cidrs=false --leader-elect=false --bind-address=127.0.0.1 --secure-port=16257 \
        --node-monitor-grace-period=20s
    launch scheduler "$programs/kube-scheduler" --kubeconfig="$data/admin.kubeconfig" --leader-elect=false --bind-address=127.0.0.1 \
        --secure-port=16259
}

# All nodes share this machine's network, and one proxy writes the rules for the addresses of services.
start_proxy() {
    cat >"$data/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {kubeconfig: $data/admin.kubeconfig}
clusterCIDR: $POD_RANGE
conntrack: {maxPerCore: 0}
hostnameOverride: node1
healthzBindAddress: 127.0.0.1:16256
metricsBindAddress: 127.0.0.1:16249
YAML
    refuse_unknown_services
    launch proxy "$programs/kube-proxy" --config="$data/proxy.yaml"
}

# What goes to the address of a service has that of a pod by the time it comes here. A connection to one that the proxy has no rules for yet would leave
# this machine, and where something answers out there, the API server keeps it.
refuse_unknown_services() {
    local chain
    iptables -N KUBE-AEROLOG-UNKNOWN
    iptables -A KUBE-AEROLOG-UNKNOWN -d "$SERVICE_RANGE" -j REJECT --reject-with icmp-host-unreachable
    for chain in OUTPUT FORWARD; do
        iptables -I "$chain" -j KUBE-AEROLOG-UNKNOWN
    done
}

# Enforces NetworkPolicies for the pods of one node. All nodes share this machine's network, and engines of several would undo each other's rules.
start_policy_engine() {
    build_policy_engine
    require_tools ipset
    launch policies "$programs/kube-router" --kubeconfig="$data/admin.kubeconfig" --hostname-override=node1 --run-router=false \
        --run-service-proxy=false --run-firewall=true --service-cluster-ip-range="$SERVICE_RANGE" --health-port=0 --metrics-port=0
}

# What the kubelet, the proxy and the network of pods set for the whole machine.
SYSCTLS=(net.ipv4.ip_forward net.ipv4.conf.all.route_localnet net.ipv6.conf.all.forwarding vm.overcommit_memory kernel.panic kernel.panic_on_oops)

keep_sysctls() {
    sysctl "${SYSCTLS[@]}" 2>/dev/null >"$data/sysctls" || true
}

restore_sysctls() {
    [[ ! -s "$data/sysctls" ]] || sysctl -q -p "$data/sysctls" >/dev/null || true
}

# DNS, and volumes of the nodes' own disks.
load_addons() {
    local archive="$AEROLOG_CACHE/images/coredns.tar" node
    [[ -f "$archive" ]] || program_image coredns "$programs/coredns" "$archive"
    for node in $(nodes_of_cluster); do
        containerd_of "$node" images import "$archive" >/dev/null
        volumes_of "$node" | kubectl apply -f - >/dev/null
    done
    kubectl apply -f "$root/scripts/cluster.d/addons" >/dev/null
    kubectl -n kube-system rollout status deployment/coredns --timeout 120s >&2
}

end_control_plane() {
    local name
    for name in policies proxy scheduler controllers apiserver etcd; do
        end "$name" TERM
    done
    ip link delete aerolog-api 2>/dev/null || true
    local tables rules
    for tables in iptables ip6tables; do
        # The rules that kube-proxy, the kubelets and the pods' network made; `up` refuses to start where there were any before.
        rules="$("$tables-save")"
        if grep -qE 'KUBE-|CNI-' <<<"$rules"; then
            grep -vE 'KUBE-|CNI-' <<<"$rules" | "$tables-restore"
        fi
    done
    local set
    for set in $(ipset list -n 2>/dev/null | grep -E '^(inet6:)?KUBE-' || true); do
        ipset destroy "$set"
    done
    restore_sysctls
}
