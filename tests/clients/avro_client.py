"""A client in Python with confluent-kafka: Avro through the registry, JSON, wrong commands, and an answer over HTTP that has seen the command.

Environment: KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL and QUERY_URL, the address of a query service.
"""

import json
import os
import time
import urllib.error
import urllib.request
import uuid

from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

COMMANDS, EVENTS, OUTCOMES, DEAD_LETTERS = "schedule.commands", "schedule.events", "schedule.outcomes", "schedule.dead-letters"
WAIT_SECONDS_MAX = 30
REGISTRY_SECONDS_MAX = 5


class Schedule:
    """Sends commands and waits for what becomes of them."""

    def __init__(self):
        # Without a time the client waits for ever for an answer that was lost; with one it asks again.
        registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"], "timeout": REGISTRY_SECONDS_MAX})
        # A misspelt name of a field with a default is an error instead of that default.
        settings = {"auto.register.schemas": False, "use.latest.version": True, "validate.strict.allow.default": True}
        self.registry = registry
        self.serialize = AvroSerializer(registry, conf=settings)
        self.serialize_by_default = AvroSerializer(registry, conf={"auto.register.schemas": False, "use.latest.version": True})
        self.deserialize = AvroDeserializer(registry)
        servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
        self.producer = Producer({"bootstrap.servers": servers, "partitioner": "murmur2_random", "enable.idempotence": True})
        self.answers = consumer([OUTCOMES, DEAD_LETTERS])

    def value_of(self, aggregate_id, payload, command_id=None, serialize=None, **more):
        """Bytes of a command in Avro. A payload is a pair of a record's full name and its fields, or the fields alone."""
        command = {
            "command_id": command_id or str(uuid.uuid4()),
            "aggregate_id": aggregate_id,
            "issued_by": "a client in Python",
            "payload": payload,
            **more,
        }
        return (serialize or self.serialize)(command, SerializationContext(COMMANDS, MessageField.VALUE))

    def send(self, aggregate_id, branch, fields, command_id=None):
        """The partition and the outcome of one command in Avro."""
        command_id = command_id or str(uuid.uuid4())
        value = self.value_of(aggregate_id, (f"aerolog.schedule.{branch}", fields), command_id)
        self.write(aggregate_id, value, {"type": branch})
        return self.outcome_of(command_id)

    def send_json(self, aggregate_id, payload, command_id):
        command = {"command_id": command_id, "aggregate_id": aggregate_id, "payload": payload}
        self.write(aggregate_id, json.dumps(command), {"content-type": "application/json"})

    def write(self, key, value, headers):
        failures = []
        self.producer.produce(
            COMMANDS, key=key, value=value, headers=headers, on_delivery=lambda error, _: error and failures.append(error)
        )
        self.producer.flush(WAIT_SECONDS_MAX)
        assert not failures, failures

    def outcome_of(self, command_id):
        message, headers = self.answer_to(command_id)
        assert headers["status"] in ("accepted", "rejected"), headers
        outcome = self.deserialize(message.value(), SerializationContext(OUTCOMES, MessageField.VALUE))
        assert (str(outcome["command_id"]), outcome["status"]) == (command_id, headers["status"]), (outcome, headers)
        return message.partition(), outcome

    def answer_to(self, command_id):
        """The outcome or the dead letter of a command, by its header: whatever was wrong with the command."""
        for message in messages(self.answers):
            headers = {name: value.decode(errors="replace") for name, value in message.headers() or [] if value is not None}
            if headers.get("command-id") == command_id:
                return message, headers


def consumer(topics):
    settings = {
        "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": f"client-{uuid.uuid4()}",
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
    }
    subscribed = Consumer(settings)
    subscribed.subscribe(topics)
    return subscribed


def messages(subscribed):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        message = subscribed.poll(1)
        if message is not None:
            assert not message.error(), message.error()
            yield message
    raise AssertionError(f"it has not come within {WAIT_SECONDS_MAX} s")


def get(path, at_least=None):
    """Status, headers and JSON of an answer."""
    headers = {"X-Min-Position": at_least} if at_least else {}
    request = urllib.request.Request(os.environ["QUERY_URL"] + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS_MAX) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def decided_and_read_back(schedule):
    airport = {"name": "Python Field", "zone": "Pacific/Honolulu", "minimum_ground_time_minutes": 25}
    command_id = str(uuid.uuid4())
    partition, outcome = schedule.send("airport/QPY", "RegisterAirport", airport, command_id)
    assert (outcome["status"], outcome["version"], outcome["repeated"]) == ("accepted", 1, False), outcome

    status, headers, answer = get("/airports/QPY", f"{partition}:{outcome['sequence']}")
    assert status == 200, (status, answer)
    assert "Python Field" in json.dumps(answer), answer
    positions = dict(pair.split(":") for pair in headers["X-Position"].split(","))
    assert int(positions[str(partition)]) >= outcome["sequence"], headers["X-Position"]

    _, again = schedule.send("airport/QPY", "RegisterAirport", airport, command_id)
    assert again["repeated"] and again["status"] == "accepted", again
    assert (again["version"], again["sequence"]) == (outcome["version"], outcome["sequence"]), again

    _, refused = schedule.send("airport/QPY", "RegisterAirport", airport)
    assert refused["status"] == "rejected", refused
    assert refused["rejection"]["rule"] and refused["rejection"]["message"], refused

    status, headers, problem = get("/airports/QQQ")
    assert status == 404 and problem["status"] == 404, (status, problem)
    assert headers.get_content_type() == "application/problem+json", headers


def json_and_events(schedule):
    command_id = str(uuid.uuid4())
    schedule.send_json("airport/QPY", {"SetMinimumGroundTime": {"minutes": 40}}, command_id)
    _, outcome = schedule.outcome_of(command_id)
    assert outcome["status"] == "accepted", outcome
    for message in messages(consumer([EVENTS])):
        event = schedule.deserialize(message.value(), SerializationContext(EVENTS, MessageField.VALUE))
        if str(event["command_id"]) == command_id:
            # A union's branch has no name in Python: the header says which event it is.
            assert dict(message.headers())["type"] == b"MinimumGroundTimeSet", message.headers()
            assert event["payload"] == {"aircraft_type": None, "minutes": 40}, event
            return


def dead_letters(schedule):
    for payload in [{"RetireAirplane": {"airplane_to_retir": "N1PY"}}, "RetireAirplane"]:
        command_id = str(uuid.uuid4())
        schedule.send_json("airplane/N1PY", payload, command_id)
        message, headers = schedule.answer_to(command_id)
        assert (message.topic(), headers["status"], headers["type"]) == (DEAD_LETTERS, "dead-letter", "RetireAirplane"), headers
        assert "payload" in headers["reason"], headers


def wrong_commands_are_errors_here(schedule):
    """Each would be another command than its sender means, or the same with another value, if it could be sent."""
    ours = {"airplane_to_register": "N1PY", "aircraft_type": "332"}
    named, unnamed = (schedule.value_of("airplane/N1PY", form, str(uuid.UUID(int=1))) for form in (("aerolog.schedule.RegisterAirplane", ours), ours))
    assert named == unnamed, (named, unnamed)
    wrong = [
        # The form of JSON.
        {"RegisterAirplane": {"aircraft_type": "332"}},
        {"RetireAirplane": {}},
        {"aircraft_type": "332"},
        {"airplane_to_register": "N1PY", "aircraft_typ": "332"},
        {"minutes": 40},
        {"minutes": 40, "aircraft_typ": "332"},
        ("aerolog.schedule.SetMinimumGroundTime", {"minutes": 40, "aircraft_typ": "332"}),
        ("aerolog.schedule.RetireAirplane", {}),
        {},
    ]
    for payload in wrong:
        refused(schedule, payload)
        refused(schedule, payload, serialize=schedule.serialize_by_default)
    right = ("aerolog.schedule.RetireAirplane", {"airplane_to_retire": "N1PY"})
    refused(schedule, right, expected_verison=4)


class Samples:
    """Fields that fit each command, made of its schema."""

    def __init__(self, schema):
        self.named = {}
        self.define(schema)
        payload = next(field["type"] for field in schema["fields"] if field["name"] == "payload")
        self.commands = {branch["name"]: self.of(branch) for branch in payload}
        self.nullable = {field["name"] for branch in payload for field in branch["fields"] if isinstance(field["type"], list)}

    def define(self, schema):
        if isinstance(schema, dict):
            if schema["type"] in ("record", "enum"):
                self.named[schema["name"]] = schema
            for part in (schema["type"], schema.get("items"), *(field["type"] for field in schema.get("fields", []))):
                self.define(part)
        elif isinstance(schema, list):
            for branch in schema:
                self.define(branch)

    def of(self, schema):
        schema = self.named.get(schema, schema) if isinstance(schema, str) else schema
        if isinstance(schema, list):
            return self.of(schema[-1])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "record":
            return {field["name"]: self.of(field["type"]) for field in schema["fields"]}
        if kind == "enum":
            return schema["symbols"][0]
        if kind == "array":
            return [self.of(schema["items"])]
        return {"string": "x", "int": 7, "long": 7}[kind]


def every_command_is_the_one_that_is_meant_or_an_error(schedule):
    """Each command in each wrong form that comes to mind, by a serializer as it comes and by a strict one."""
    samples = Samples(json.loads(schedule.registry.get_latest_version(f"{COMMANDS}-value").schema.schema_str))
    assert len(samples.commands) == 15 and samples.nullable == {"name", "zone"}, samples.commands
    for serialize in (schedule.serialize, schedule.serialize_by_default):
        is_strict = serialize is schedule.serialize
        for name, fields in samples.commands.items():
            fixed, full_name = {"command_id": str(uuid.UUID(int=1)), "serialize": serialize}, f"aerolog.schedule.{name}"
            named, unnamed = (schedule.value_of("airplane/N1PY", form, **fixed) for form in ((full_name, fields), fields))
            assert named == unnamed, name
            wrong = [{name: fields}, {full_name: fields}, {"type": name, "payload": fields}, [name, fields], name, full_name, json.dumps(fields)]
            wrong += [(f"aerolog.schedule.{other}", fields) for other in samples.commands if other != name]
            for field in fields:
                without = {key: value for key, value in fields.items() if key != field}
                # A misspelt name of a field that may be null is null, unless the serializer is strict.
                if is_strict or field not in samples.nullable:
                    wrong += [form for short in (without, without | {field[:-1]: fields[field]}) for form in (short, (full_name, short))]
            for payload in wrong:
                refused(schedule, payload, **fixed)


def refused(schedule, payload, **more):
    try:
        value = schedule.value_of("airplane/N1PY", payload, **more)
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    raise AssertionError(f"{payload} {more} became {value}")


def main():
    schedule = Schedule()
    wrong_commands_are_errors_here(schedule)
    every_command_is_the_one_that_is_meant_or_an_error(schedule)
    decided_and_read_back(schedule)
    json_and_events(schedule)
    dead_letters(schedule)
    print("confluent-kafka: accepted, repeated, rejected, a dead letter, wrong commands refused, and read back")


main()
