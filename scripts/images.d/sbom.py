"""Prints a bill of materials (CycloneDX 1.5) of the image: the crates that are linked, the C libraries among them, and the Debian packages."""

import argparse
import json
import pathlib
import re
import subprocess
import sys

PROGRAMS = ("command-processor", "materializer", "aerolog")
# Crates that compile a C or C++ library of another version than their own, and where they say which.
BUNDLED = re.compile(r"^(?P<crate>[0-9.]+)\+(?P<library>.+)$")


def metadata(workspace):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"]
    return json.loads(subprocess.run(command, cwd=workspace, check=True, capture_output=True).stdout)


def linked(found):
    """The packages that the programs are linked with: not what builds or tests them."""
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    packages = {package["id"]: package for package in found["packages"]}
    waiting = [id for id, package in packages.items() if package["name"] in PROGRAMS and package["source"] is None]
    if len(waiting) != len(PROGRAMS):
        sys.exit(f"the workspace lacks one of {', '.join(PROGRAMS)}")
    seen = set()
    while waiting:
        id = waiting.pop()
        if id in seen:
            continue
        seen.add(id)
        for dependency in nodes[id]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return [packages[id] for id in seen]


def crate(package):
    component = {
        "type": "library",
        "name": package["name"],
        "version": package["version"],
        "purl": f"pkg:cargo/{package['name']}@{package['version']}",
        "bom-ref": f"pkg:cargo/{package['name']}@{package['version']}",
    }
    if package["license"]:
        component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    bundled = BUNDLED.match(package["version"]) if package["name"].endswith("-sys") else None
    if bundled:
        component["properties"] = [{"name": "aerolog:bundled-library-version", "value": bundled["library"]}]
    return component


def debian(root):
    for status in sorted(pathlib.Path(root, "var/lib/dpkg/status.d").iterdir()):
        fields = dict(re.findall(r"^(Package|Version|Architecture): (.*)$", status.read_text(), re.MULTILINE))
        purl = f"pkg:deb/debian/{fields['Package']}@{fields['Version']}?arch={fields['Architecture']}"
        yield {"type": "library", "name": fields["Package"], "version": fields["Version"], "purl": purl, "bom-ref": purl}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    components = [crate(package) for package in linked(metadata(arguments.workspace))]
    components.sort(key=lambda component: (component["name"], component["version"]))
    components += debian(arguments.root)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": "aerolog", "version": arguments.version, "bom-ref": "aerolog"}},
        "components": components,
    }
    json.dump(document, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
