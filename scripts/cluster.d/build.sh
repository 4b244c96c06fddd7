# shellcheck shell=bash disable=SC2154
# Builds the cluster's programs from their Go modules; to be sourced after install.sh. Versions are pinned in programs/*/go.mod and go.sum.

GO_VERSION_MIN=1.26

# What a cluster consists of. What is there is kept; delete $cluster/bin to build again.
build_programs() {
    build_from kubernetes k8s.io/kubernetes/cmd/{kubectl,kube-apiserver,kube-controller-manager,kube-scheduler,kubelet,kube-proxy}
    build_from etcd go.etcd.io/etcd/server/v3=etcd
    build_from coredns github.com/coredns/coredns
    build_from kustomize sigs.k8s.io/kustomize/kustomize/v5=kustomize
}

# Finds targets by Kubernetes and by files only: the clients of a dozen clouds would take most of the time.
build_prometheus() {
    BUILD_TAGS=remove_all_sd,enable_kubernetes_sd build_from prometheus github.com/prometheus/prometheus/cmd/{promtool,prometheus}
}

# Scales by the commands that wait.
build_keda() {
    build_from keda github.com/kedacore/keda/v2/cmd/operator=keda github.com/kedacore/keda/v2/cmd/adapter=keda-adapter
}

# Enforces NetworkPolicies.
build_policy_engine() {
    build_from kube-router github.com/cloudnativelabs/kube-router/v2/cmd/kube-router
}

# build_from MODULE PACKAGE[=PROGRAM]…: with the tags in BUILD_TAGS.
build_from() {
    local module="$1" package program log="$cluster/build.log"
    shift
    for package in "$@"; do
        program="${package##*/}" && program="${program##*=}"
        [[ ! -x "$programs/$program" ]] || continue
        find_go
        mkdir -p "$programs"
        say "building $program (its log is $log)"
        (
            cd -- "$root/scripts/cluster.d/programs/$module"
            # Others may be using this machine, and a linker needs much memory at once.
            CGO_ENABLED=0 GOFLAGS=-mod=readonly nice -n 19 go build -tags "${BUILD_TAGS:-}" -trimpath -ldflags='-s -w' -o "$programs/$program.part" "${package%%=*}"
        ) >"$log" 2>&1 </dev/null || die "$program could not be built" "$log"
        mv "$programs/$program.part" "$programs/$program"
    done
}

find_go() {
    local version
    command -v go >/dev/null || die "Go $GO_VERSION_MIN or newer is needed to build Kubernetes"
    version="$(go env GOVERSION)" && version="${version#go}"
    [[ "$(printf '%s\n' "$GO_VERSION_MIN" "$version" | sort -V | head -n 1)" == "$GO_VERSION_MIN" ]] ||
        die "Go is $version, and $GO_VERSION_MIN or newer is needed to build Kubernetes"
}
