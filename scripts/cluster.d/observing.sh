# shellcheck shell=bash disable=SC2154
# Prometheus in the cluster, on the component `monitoring`; to be sourced after keda.sh.

PROMETHEUS_SECONDS_MAX=120
# Four scrapes of 15 s and a margin: what a rate needs.
SCRAPED_SECONDS=75
# What happens once has to lie within the last minute when it is asked for, and to have been scraped since.
SCRAPED_SINCE_SECONDS=40

# The resources of the component need their definitions, which the operator's module has, and nothing of the operator but them.
apply_monitoring() {
    local module folder="$data/monitoring"
    mkdir -p "$folder"
    module="$(cd -- "$root/scripts/manifests.d/schemas" && go list -m -f '{{.Path}}@{{.Version}}' github.com/prometheus-operator/prometheus-operator)"
    module="$(go mod download -json "$module" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/example/prometheus-operator-crd"
    all_of_cluster apply --server-side -f "$module/monitoring.coreos.com_podmonitors.yaml" -f "$module/monitoring.coreos.com_prometheusrules.yaml" >/dev/null
    all_of_cluster wait --for=condition=Established crd/podmonitors.monitoring.coreos.com crd/prometheusrules.monitoring.coreos.com --timeout=60s >/dev/null
    cp -r "$root/k8s/components/monitoring" "$folder/"
    cat >"$folder/kustomization.yaml" <<'YAML'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: aerolog
components: [monitoring]
YAML
    "$programs/kustomize" build "$folder" | kubectl apply -f - >/dev/null
}

install_prometheus() {
    build_prometheus
    load_program prometheus
    apply_monitoring
    all_of_cluster get podmonitors -A -o json | python3 -B "$root/scripts/cluster.d/scrape.py" >"$data/monitoring/prometheus.json"
    all_of_cluster get prometheusrules -A -o json |
        python3 -c 'import json, sys; json.dump({"groups": [group for rule in json.load(sys.stdin)["items"] for group in rule["spec"]["groups"]]}, sys.stdout)' >"$data/monitoring/rules.json"
    "$programs/promtool" check rules --lint-fatal "$data/monitoring/rules.json" >/dev/null
    all_of_cluster apply -f "$root/scripts/cluster.d/prometheus.yaml" >/dev/null
    all_of_cluster -n monitoring create configmap prometheus --from-file="$data/monitoring/prometheus.json" --from-file="$data/monitoring/rules.json" --dry-run=client -o yaml |
        all_of_cluster apply -f - >/dev/null
    all_of_cluster -n monitoring rollout status deployment/prometheus --timeout "${PROMETHEUS_SECONDS_MAX}s" >/dev/null
}

# The one that tests/alerts has, too.
python_with_promql() {
    local venv
    venv="$AEROLOG_CACHE/alerts-$(cksum <"$root/tests/alerts/requirements.txt" | cut -d ' ' -f 1)"
    if [[ ! -d "$venv" ]]; then
        python3 -m venv "$venv.part" && "$venv.part/bin/pip" install -q --disable-pip-version-check -r "$root/tests/alerts/requirements.txt" >&2
        keep_part "$venv.part" "$venv"
    fi
    echo "$venv/bin/python3"
}

# Everything is used once, so that every counter has moved; then each expression of the rules and dashboards is asked of this Prometheus.
case_everything_observed() {
    local prometheus gateway asked
    install_prometheus
    prometheus="http://$(all_of_cluster -n monitoring get service prometheus -o jsonpath='{.spec.clusterIP}'):9090"
    gateway="$(kubectl get service command-gateway -o jsonpath='{.spec.clusterIP}')"
    rm -f "$work/observed-enough"
    python3 "$root/scripts/cluster.d/commands.py" "http://$gateway" "$work/observed-enough" >"$work/observed" &
    asked=$!
    start_constant_load 20
    # A record that is no command.
    printf 'airport/HNL\tno command\n' | produce_commands >/dev/null 2>&1
    python3 "$root/scripts/cluster.d/ask.py" "http://$(kubectl get service materializer -o jsonpath='{.spec.clusterIP}')" "$work/observed-enough" >"$work/observed-asked" &
    sleep "$((SCRAPED_SECONDS - SCRAPED_SINCE_SECONDS))"
    # A processor that takes partitions over.
    kubectl delete pod command-processor-1 --wait=false >/dev/null
    sleep "$SCRAPED_SINCE_SECONDS"
    "$(python_with_promql)" -B "$root/tests/alerts/expressions.py" "$prometheus" "$root/k8s/components/monitoring/dashboards" aerolog || { touch "$work/observed-enough" && stop_constant_load && return 1; }
    touch "$work/observed-enough"
    stop_constant_load
    wait "$asked" || { cat "$work/observed" && return 1; }
}
