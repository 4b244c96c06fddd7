"""Every expression of a rule and of a dashboard: it can be parsed, and each metric that it names is one that the programs have."""

import json
import pathlib
import re

import promql_parser

# What Prometheus adds itself.
OF_PROMETHEUS = {"up"}
METRIC = re.compile(r"\b(?:aerolog|process)_[a-z_]+\b|\bup\b")
SUFFIXES = ("_bucket", "_sum", "_count")
# Grafana puts these in before Prometheus sees them.
VARIABLES = {"$__rate_interval": "5m", "$namespace": "aerolog"}


def known(root):
    """The names of metrics in the programs' sources."""
    names = set(OF_PROMETHEUS)
    for path in pathlib.Path(root, "processors").rglob("*.rs"):
        if "tests" not in path.parts and path.name != "tests.rs":
            names |= set(re.findall(r'"((?:aerolog|process)_[a-z_]+)"', path.read_text()))
    store = pathlib.Path(root, "processors/edges/store/src/lib.rs").read_text()
    names |= {f"aerolog_rocksdb_{measure}" for measure in re.findall(r'\("([a-z_]+)", property\(', store)}
    return names


def mistakes(documents, names):
    found = []
    for document in documents:
        if document["kind"] == "PrometheusRule":
            for group in document["spec"]["groups"]:
                for rule in group["rules"]:
                    found += [f"{rule.get('alert')}: {mistake}" for mistake in of_expression(rule["expr"], names)]
        if document["kind"] == "ConfigMap":
            for name, text in document.get("data", {}).items():
                if name.endswith(".json") and "panels" in text:
                    found += [f"{name}: {mistake}" for mistake in of_dashboard(json.loads(text), names)]
    return found


def of_dashboard(dashboard, names):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            for mistake in of_expression(target["expr"], names):
                yield f"{panel['title']}: {mistake}"


def of_expression(expression, names):
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    try:
        promql_parser.parse(expression)
    except ValueError as error:
        return [f"{expression}: {error}"]
    found = METRIC.findall(expression)
    unknown = {name for name in found if name not in names and not any(name.removesuffix(suffix) in names for suffix in SUFFIXES)}
    return [f"{expression}: no program has the metric {name}" for name in sorted(unknown)]


def runbooks(documents, root):
    """Each alert has a page, and each page an alert."""
    alerts = {
        rule["alert"]: rule["annotations"].get("runbook")
        for document in documents
        if document["kind"] == "PrometheusRule"
        for group in document["spec"]["groups"]
        for rule in group["rules"]
    }
    for alert, runbook in alerts.items():
        if runbook != f"docs/runbooks/{alert}.md" or not pathlib.Path(root, runbook).is_file():
            yield f"{alert}: there is no page docs/runbooks/{alert}.md"
    for page in pathlib.Path(root, "docs/runbooks").glob("*.md"):
        if page.stem not in alerts and alerts:
            yield f"{page.name}: there is no such alert"
