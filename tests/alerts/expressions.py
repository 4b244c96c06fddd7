"""Evaluates every expression of the rules that a Prometheus has loaded, and of the dashboards: each has to return series.

An alert's expression returns none while all is well. Of such an expression each side of its comparisons has to return some."""

import json
import pathlib
import re
import sys
import urllib.parse
import urllib.request

import promql_parser

ANSWER_SECONDS_MAX = 30
COMPARED = {"==", "!=", ">", "<", ">=", "<=", "and"}
# Grafana puts these in before Prometheus sees them. The namespace is that of the scrape.
RATE_INTERVAL = ("$__rate_interval", "1m")


def ask(prometheus, path, **parameters):
    url = f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS_MAX) as answer:
        return json.load(answer)["data"]


def sides(node):
    """The parts of an expression that return series by themselves: what is compared, not the comparison."""
    if isinstance(node, promql_parser.ParenExpr):
        return sides(node.expr)
    if isinstance(node, promql_parser.NumberLiteral):
        return []
    return sides(node.lhs) + sides(node.rhs) if compares(node) else [node]


def compares(node):
    if isinstance(node, promql_parser.ParenExpr):
        return compares(node.expr)
    if not isinstance(node, promql_parser.BinaryExpr):
        return False
    return str(node.op) in COMPARED or (str(node.op) == "or" and (compares(node.lhs) or compares(node.rhs)))


def of_rules(prometheus):
    for group in ask(prometheus, "rules")["groups"]:
        for rule in group["rules"]:
            if rule["health"] != "ok":
                yield rule["name"], rule["query"], f"its health is {rule['health']}: {rule.get('lastError')}"
            for node in sides(promql_parser.parse(rule["query"])):
                yield rule["name"], str(node), None


def of_dashboards(folder, namespace):
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                expression = target["expr"].replace(*RATE_INTERVAL).replace("$namespace", namespace)
                yield f"{path.name}: {panel['title']}", expression, None


def main():
    prometheus, dashboards = sys.argv[1], sys.argv[2]
    namespace = sys.argv[3] if len(sys.argv) > 3 else "aerolog"
    count, failures, alerts = 0, [], set()
    for name, expression, mistake in [*of_rules(prometheus), *of_dashboards(dashboards, namespace)]:
        count += 1
        alerts.add(name)
        found = [] if mistake else ask(prometheus, "query", query=expression)["result"]
        numbers = [each for each in found if not re.fullmatch("NaN", each["value"][1])]
        if mistake or not numbers:
            failures.append(f"{name}: {expression}: {mistake or ('only NaN' if found else 'no series')}")
    down = [each["labels"] for each in ask(prometheus, "targets")["activeTargets"] if each["health"] != "up"]
    failures += [f"not scraped: {labels}" for labels in down]
    for failure in failures:
        print(failure)
    print(f"{count} expressions of rules and dashboards evaluated, {len(failures)} without series")
    sys.exit(1 if failures or count == 0 else 0)


if __name__ == "__main__":
    main()
