# shellcheck shell=bash disable=SC2154
# KEDA in the cluster, from its own manifests, and what it scales; to be sourced after nodes.sh.

KEDA_SECONDS_MAX=180

# Its module has the manifests. Only the images and what they need to run here are ours; nothing is validated by a webhook.
install_keda() {
    local module folder="$data/keda" part
    ! all_of_cluster get namespace keda >/dev/null 2>&1 || return 0
    build_keda
    module="$(cd -- "$root/scripts/cluster.d/programs/keda" && go mod download -json github.com/kedacore/keda/v2 | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')"
    mkdir -p "$folder"
    for part in crd general rbac manager metrics-server service_account; do
        cp -r "$module/config/$part" "$folder/"
    done
    chmod -R u+w "$folder"
    for part in keda keda-adapter; do
        load_program "$part"
    done
    cat >"$folder/kustomization.yaml" <<'YAML'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [crd, general, rbac, manager, metrics-server, service_account]
images:
  - {name: ghcr.io/kedacore/keda, newName: localhost/keda, newTag: "1"}
  - {name: ghcr.io/kedacore/keda-metrics-apiserver, newName: localhost/keda-adapter, newTag: "1"}
patches:
  - target: {kind: Namespace, name: keda}
    patch: |-
      - {op: add, path: /metadata/labels/aerolog~1kafka-client, value: "true"}
  - target: {kind: Deployment}
    patch: |-
      - {op: replace, path: /spec/template/spec/containers/0/imagePullPolicy, value: Never}
      - {op: add, path: /spec/template/spec/securityContext, value: {runAsNonRoot: true, runAsUser: 65532}}
  - target: {kind: Deployment, name: keda-operator}
    patch: |-
      - {op: replace, path: /spec/template/spec/containers/0/command, value: [/usr/bin/keda]}
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --enable-webhook-patching=false}
  - target: {kind: Deployment, name: keda-metrics-apiserver}
    patch: |-
      - {op: replace, path: /spec/template/spec/containers/0/command, value: [/usr/bin/keda-adapter]}
YAML
    { "$programs/kustomize" build "$folder" | all_of_cluster apply --server-side -f -; } >"$data/log/keda" 2>&1 || { cat "$data/log/keda" && return 1; }
    all_of_cluster -n keda rollout status deployment/keda-operator --timeout "${KEDA_SECONDS_MAX}s" >/dev/null || return 1
    all_of_cluster -n keda rollout status deployment/keda-metrics-apiserver --timeout "${KEDA_SECONDS_MAX}s" >/dev/null || return 1
    all_of_cluster wait --for=condition=Available apiservice/v1beta1.external.metrics.k8s.io --timeout "${KEDA_SECONDS_MAX}s" >/dev/null
}

# load_program NAME: an image of one program, in every node.
load_program() {
    local archive="$AEROLOG_CACHE/images/$1.tar" node
    [[ "$archive" -nt "$programs/$1" ]] || program_image "$1" "$programs/$1" "$archive"
    for node in $(nodes_of_cluster); do
        containerd_of "$node" images import "$archive" >/dev/null
    done
}

# The ScaledObject of the component, with the test's smaller numbers.
scale_by_backlog() {
    local folder="$data/scaling"
    mkdir -p "$folder"
    cp "$root/k8s/components/keda/scaled-objects.yaml" "$root/scripts/cluster.d/keda/scaled-object.yaml" "$folder/"
    cat >"$folder/kustomization.yaml" <<'YAML'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: aerolog
resources: [scaled-objects.yaml]
patches:
  - path: scaled-object.yaml
  - target: {kind: ScaledObject, name: command-processor}
    patch: |-
      - {op: replace, path: /spec/triggers/0/metadata/lagThreshold, value: "200"}
  # By CPU, which needs a metrics server.
  - target: {kind: ScaledObject, name: materializer}
    patch: '{$patch: delete, apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: materializer}}'
  - target: {kind: ScaledObject, name: command-gateway}
    patch: '{$patch: delete, apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: command-gateway}}'
YAML
    "$programs/kustomize" build "$folder" | kubectl apply -f - >/dev/null || return 1
    kubectl wait --for=condition=Ready scaledobject/command-processor --timeout=60s >/dev/null
}

# await_replicas COUNT: KEDA has brought the processors there.
await_replicas() {
    local deadline=$((SECONDS + READY_SECONDS_MAX))
    until [[ "$(kubectl get statefulset command-processor -o jsonpath='{.spec.replicas}')" == "$1" ]]; do
        ((SECONDS < deadline)) || { kubectl get hpa,scaledobject && echo "KEDA did not come to $1 processors within $READY_SECONDS_MAX s" && return 1; }
        sleep 0.5
    done
}

# What KEDA tells the autoscaler, in commands.
backlog_by_keda() {
    kubectl get --raw "/apis/external.metrics.k8s.io/v1beta1/namespaces/aerolog/s0-kafka-schedule-commands?labelSelector=scaledobject.keda.sh%2Fname%3Dcommand-processor" |
        python3 -c 'import json, sys; value = json.load(sys.stdin)["items"][0]["value"]; print(round(int(value[:-1]) / 1000) if value.endswith("m") else int(value))'
}
