"""Checks what kustomize makes of each overlay, and that a mistake of each kind would be found."""

import argparse
import copy
import pathlib
import subprocess
import sys
import tomllib

import edges
import expressions
import planted
import policy
import reach
import schema
import topics
import yaml

OVERLAYS = ("local", "production")
# Components that no overlay uses are checked on top of the base.
COMPONENTS = ("keda", "monitoring", "ingress", "tls")


def build(kustomize, folder):
    built = subprocess.run([kustomize, "build", str(folder)], capture_output=True, text=True)
    if built.returncode != 0:
        sys.exit(f"{folder}: kustomize refuses it: {built.stderr.strip()}")
    return [document for document in yaml.safe_load_all(built.stdout) if document]


class Checks:
    """What is needed to check the resources of an overlay."""

    def __init__(self, arguments):
        self.root = arguments.root
        self.schemas = schema.load(arguments.schemas)
        self.topology = tomllib.loads(pathlib.Path(arguments.root, "topology/topology.toml").read_text())
        self.metrics = expressions.known(arguments.root)

    def mistakes(self, documents):
        found = []
        for document in documents:
            found += schema.mistakes(document, self.schemas)
            found += policy.mistakes(document)
        found += edges.mistakes(documents, self.topology)
        found += reach.mistakes(documents, self.topology)
        found += topics.mistakes(documents, self.topology)
        found += expressions.mistakes(documents, self.metrics)
        return found + list(expressions.runbooks(documents, self.root))


def check_overlays(arguments, checks):
    built, failed = {}, False
    for overlay in OVERLAYS:
        folder = pathlib.Path(arguments.root, "k8s/overlays", overlay)
        built[overlay] = build(arguments.kustomize, folder)
        for mistake in checks.mistakes(built[overlay]):
            failed = True
            print(f"k8s/overlays/{overlay}: {mistake}")
        print(f"k8s/overlays/{overlay}: {len(built[overlay])} resources checked")
    used = set()
    for overlay in OVERLAYS:
        used |= set(yaml.safe_load(pathlib.Path(arguments.root, "k8s/overlays", overlay, "kustomization.yaml").read_text()).get("components", []))
    for component in COMPONENTS:
        if f"../../components/{component}" not in used:
            failed = True
            print(f"k8s/components/{component}: no overlay uses it, so nothing checks it")
    return built, failed


def check_planted(built, checks):
    """Each mistake must be found, by its own sentence, in an overlay that has none."""
    failed = False
    for name, overlay, part, plant in planted.MISTAKES:
        documents = copy.deepcopy(built[overlay])
        plant(documents)
        found = checks.mistakes(documents)
        if not any(part in mistake for mistake in found):
            failed = True
            print(f"the check is blind: {name} is not found in k8s/overlays/{overlay}; it says {found}")
    print(f"{len(planted.MISTAKES)} planted mistakes: {'not all' if failed else 'all'} found")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True)
    parser.add_argument("--kustomize", required=True)
    parser.add_argument("--schemas", required=True)
    arguments = parser.parse_args()
    checks = Checks(arguments)
    built, failed = check_overlays(arguments, checks)
    if failed or check_planted(built, checks):
        sys.exit(1)


if __name__ == "__main__":
    main()
