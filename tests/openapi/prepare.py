"""Takes out of an OpenAPI document what no schema can describe: parameters whose values only an earlier answer gives, an id that the body may give,
and the answer without an end. Reads and writes JSON."""

import json
import sys

# Where a list goes on, what a view has to have reached or is frozen at, and an aggregate's version.
OF_ANSWERS = ("cursor", "at_least", "as_of", "X-Min-Position", "If-Match")
ENDLESS = "/changes"
# A second name for what the body of a command may name, too: both have to be the same.
SECOND_ID = ("/commands", "Idempotency-Key")

document = json.load(sys.stdin)
document["paths"].pop(ENDLESS, None)
for path, operations in document["paths"].items():
    for operation in operations.values():
        operation["parameters"] = [
            parameter
            for parameter in operation["parameters"]
            if parameter["name"] not in OF_ANSWERS and (path, parameter["name"]) != SECOND_ID
        ]
json.dump(document, sys.stdout)
