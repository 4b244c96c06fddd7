"""Prints a bill of materials (CycloneDX 1.5) of the image: the crates that are linked, the C libraries among them, and the Debian packages."""

import argparse
import json
import pathlib
import re
import subprocess
import sys

PROGRAMS = ("command-gateway", "command-processor", "materializer", "aerolog")
# Crates that compile a C or C++ library of another version than their own, and where they say which.
BUNDLED = re.compile(r"^(?P<crate>[0-9.]+)\+(?P<library>.+)$")


def linked(workspace):
    """Name, version and licence of each crate that the programs are linked with: not what builds or tests them."""
    command = ["cargo", "tree", "--locked", "--edges", "normal", "--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]
    for program in PROGRAMS:
        command += ["--package", program]
    lines = subprocess.run(command, cwd=workspace, check=True, capture_output=True, text=True).stdout.splitlines()
    for line in sorted({line for line in lines if line}):
        package, licence = line.split("|")
        name, version, *source = package.split(" ")
        # A macro is run by the compiler.
        if "(proc-macro)" not in source:
            yield name, version.removeprefix("v"), licence


def crate(name, version, licence):
    purl = f"pkg:cargo/{name}@{version}"
    component = {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}
    if licence:
        component["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    bundled = BUNDLED.match(version) if name.endswith("-sys") else None
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
    components = [crate(*each) for each in linked(arguments.workspace)]
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
