"""Every resource against the schema of its kind; a kind without one is a mistake, and so is a field that the schema does not know."""

import pathlib

import jsonschema
import kubernetes_validate
import yaml

KUBERNETES = "1.34"


def load(folder):
    """The schemas of the operators' resources, by apiVersion and kind."""
    schemas = {}
    for path in sorted(pathlib.Path(folder).glob("*.yaml")):
        definition = yaml.safe_load(path.read_text())
        group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
        for version in definition["spec"]["versions"]:
            schemas[f"{group}/{version['name']}", kind] = strict(version["schema"]["openAPIV3Schema"])
    return schemas


def strict(schema):
    """As the API server would prune it: what is not described is not allowed."""
    if isinstance(schema, dict):
        schema = {key: strict(value) for key, value in schema.items()}
        described = isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema
        if described and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema["additionalProperties"] = False
        if schema.pop("x-kubernetes-int-or-string", False):
            schema.pop("type", None)
            schema["type"] = ["integer", "string"]
        if schema.get("nullable") and isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        return schema
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    return schema


def mistakes(document, schemas):
    kind, version = document.get("kind"), document.get("apiVersion", "")
    name = f"{kind}/{document.get('metadata', {}).get('name')}"
    own = schemas.get((version, kind))
    if own is not None:
        # The API server checks metadata and the two fields above by itself.
        body = {key: value for key, value in document.items() if key not in ("apiVersion", "kind", "metadata")}
        own = {**own, "properties": {**own["properties"]}, "required": [each for each in own.get("required", []) if each in own["properties"]]}
        found = jsonschema.Draft7Validator(own).iter_errors(body)
        return [f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]
    try:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{name}: {'.'.join(map(str, error.path))}: {error.message[:300]}"]
    except kubernetes_validate.SchemaNotFoundError:
        return [f"{name}: no schema is known for {version} {kind}"]
    return []
