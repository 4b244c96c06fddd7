"""A client in Python as Confluent documents it: Avro through the registry, and an answer over HTTP that has seen the command.

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

COMMANDS, OUTCOMES = "schedule.commands", "schedule.outcomes"
WAIT_SECONDS_MAX = 30
REGISTRY_SECONDS_MAX = 5


class Schedule:
    """Sends commands and waits for their outcomes."""

    def __init__(self):
        servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
        # Without a time the client waits for ever for an answer that was lost; with one it asks again.
        registry = SchemaRegistryClient({"url": os.environ["SCHEMA_REGISTRY_URL"], "timeout": REGISTRY_SECONDS_MAX})
        settings = {"auto.register.schemas": False, "use.latest.version": True}
        self.serialize = AvroSerializer(registry, conf=settings)
        self.deserialize = AvroDeserializer(registry)
        self.producer = Producer({"bootstrap.servers": servers, "partitioner": "murmur2_random", "enable.idempotence": True})
        self.consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": f"client-{uuid.uuid4()}",
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )
        self.consumer.subscribe([OUTCOMES])

    def send(self, aggregate_id, branch, fields, command_id=None):
        """The partition and the outcome of one command."""
        command = {
            "command_id": command_id or str(uuid.uuid4()),
            "aggregate_id": aggregate_id,
            "issued_by": "a client in Python",
            "payload": (f"aerolog.schedule.{branch}", fields),
        }
        value = self.serialize(command, SerializationContext(COMMANDS, MessageField.VALUE))
        failures = []
        self.producer.produce(COMMANDS, key=aggregate_id, value=value, on_delivery=lambda error, _: error and failures.append(error))
        self.producer.flush(WAIT_SECONDS_MAX)
        assert not failures, failures
        return self.outcome_of(command["command_id"])

    def outcome_of(self, command_id):
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            message = self.consumer.poll(1)
            if message is None:
                continue
            assert not message.error(), message.error()
            outcome = self.deserialize(message.value(), SerializationContext(OUTCOMES, MessageField.VALUE))
            if str(outcome["command_id"]) == str(command_id):
                headers = dict(message.headers() or [])
                assert headers["status"].decode() == outcome["status"], headers
                return message.partition(), outcome
        raise AssertionError(f"no outcome of {command_id} after {WAIT_SECONDS_MAX} s")


def get(path, at_least=None):
    """Status, headers and JSON of an answer."""
    headers = {"X-Min-Position": at_least} if at_least else {}
    request = urllib.request.Request(os.environ["QUERY_URL"] + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS_MAX) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def main():
    schedule = Schedule()
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
    print("a client in Python: accepted, repeated, rejected and read back")


main()
