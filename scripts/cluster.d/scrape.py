"""From PodMonitors, as `kubectl get podmonitors -A -o json` prints them, to the configuration that Prometheus' operator makes of them: targets, labels and
intervals. A field that is not known here is an error, so that nothing is left out silently."""

import json
import re
import sys

KNOWN, KNOWN_OF_ENDPOINT = {"selector", "podMetricsEndpoints"}, {"port", "path", "interval"}
META = "__meta_kubernetes_pod"


def job(monitor, number, endpoint):
    namespace, name = monitor["metadata"]["namespace"], monitor["metadata"]["name"]
    unknown = (set(monitor["spec"]) - KNOWN) | (set(endpoint) - KNOWN_OF_ENDPOINT) | (set(monitor["spec"]["selector"]) - {"matchLabels"})
    if unknown:
        sys.exit(f"PodMonitor {namespace}/{name} has {sorted(unknown)}, which is not translated here")
    labels = monitor["spec"]["selector"]["matchLabels"]
    kept = [keep(f"{META}_label_{re.sub('[^a-zA-Z0-9_]', '_', label)}", value) for label, value in labels.items()]
    return {
        "job_name": f"podMonitor/{namespace}/{name}/{number}",
        "metrics_path": endpoint["path"],
        "scrape_interval": endpoint["interval"],
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [namespace]}}],
        "relabel_configs": [
            drop(f"{META}_phase", "(Failed|Succeeded)"),
            *kept,
            keep(f"{META}_container_port_name", endpoint["port"]),
            copy("__meta_kubernetes_namespace", "namespace"),
            copy(f"{META}_container_name", "container"),
            copy(f"{META}_name", "pod"),
            {"target_label": "job", "replacement": f"{namespace}/{name}"},
            {"target_label": "endpoint", "replacement": endpoint["port"]},
        ],
    }


def keep(source, value):
    return {"action": "keep", "source_labels": [source], "regex": value}


def drop(source, expression):
    return {"action": "drop", "source_labels": [source], "regex": expression}


def copy(source, target):
    return {"source_labels": [source], "target_label": target}


def main():
    monitors = json.load(sys.stdin)["items"]
    jobs = [job(monitor, number, endpoint) for monitor in monitors for number, endpoint in enumerate(monitor["spec"]["podMetricsEndpoints"])]
    if not jobs:
        sys.exit("there is no PodMonitor")
    # JSON is YAML.
    json.dump({"global": {"evaluation_interval": "15s"}, "rule_files": ["/etc/prometheus/rules.json"], "scrape_configs": jobs}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
