"""A client in Python with aiokafka and fastavro: Avro and JSON, what became of them, and an event read back.

Environment: KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL.
"""

import asyncio
import io
import json
import os
import struct
import urllib.request
import uuid

import fastavro
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

COMMANDS, EVENTS, OUTCOMES, DEAD_LETTERS = "schedule.commands", "schedule.events", "schedule.outcomes", "schedule.dead-letters"
SERVERS = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
WAIT_SECONDS_MAX = 30


def registry(path):
    with urllib.request.urlopen(os.environ["SCHEMA_REGISTRY_URL"] + path, timeout=WAIT_SECONDS_MAX) as answer:
        return json.load(answer)


class Schemas:
    """By id, each asked for once."""

    def __init__(self):
        self.parsed = {}
        self.command_id = registry(f"/subjects/{COMMANDS}-value/versions/latest")["id"]

    def of(self, schema_id):
        if schema_id not in self.parsed:
            self.parsed[schema_id] = fastavro.parse_schema(json.loads(registry(f"/schemas/ids/{schema_id}")["schema"]))
        return self.parsed[schema_id]

    def encode(self, command):
        body = io.BytesIO()
        # A misspelt name of a field with a default is an error instead of that default.
        fastavro.schemaless_writer(body, self.of(self.command_id), command, strict_allow_default=True)
        return struct.pack(">bI", 0, self.command_id) + body.getvalue()

    def decode(self, value):
        magic, schema_id = struct.unpack(">bI", value[:5])
        assert magic == 0, value
        return fastavro.schemaless_reader(io.BytesIO(value[5:]), self.of(schema_id))


async def find(topics, is_wanted):
    """The first committed record that is wanted."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=SERVERS, isolation_level="read_committed", auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            async for record in consumer:
                if is_wanted(record):
                    return record
    finally:
        await consumer.stop()


async def answer_to(command_id):
    """The outcome or the dead letter of a command, by its header: whatever was wrong with the command."""
    record = await find([OUTCOMES, DEAD_LETTERS], lambda record: dict(record.headers).get("command-id") == command_id.encode())
    return record, {name: value.decode(errors="replace") for name, value in record.headers if value is not None}


async def in_avro(producer, schemas):
    command_id = str(uuid.uuid4())
    airport = {"name": "Async Field", "zone": "Europe/Madrid", "minimum_ground_time_minutes": 30}
    payload = ("aerolog.schedule.RegisterAirport", airport)
    value = schemas.encode({"command_id": command_id, "aggregate_id": "airport/QAI", "payload": payload})
    await producer.send_and_wait(COMMANDS, key=b"airport/QAI", value=value)
    record, headers = await answer_to(command_id)
    assert (headers["status"], headers["type"]) == ("accepted", "RegisterAirport"), headers
    outcome = schemas.decode(record.value)
    assert (str(outcome["command_id"]), outcome["version"]) == (command_id, 1), outcome


async def send_json(producer, aggregate_id, payload):
    command_id = str(uuid.uuid4())
    value = json.dumps({"command_id": command_id, "aggregate_id": aggregate_id, "payload": payload}).encode()
    await producer.send_and_wait(COMMANDS, key=aggregate_id.encode(), value=value, headers=[("content-type", b"application/json")])
    return command_id


async def in_json(producer, schemas):
    command_id = await send_json(producer, "airport/QAI", {"SetMinimumGroundTime": {"minutes": 45}})
    _, headers = await answer_to(command_id)
    assert headers["status"] == "accepted", headers
    record = await find([EVENTS], lambda record: str(schemas.decode(record.value)["command_id"]) == command_id)
    assert dict(record.headers)["type"] == b"MinimumGroundTimeSet", record
    assert schemas.decode(record.value)["payload"]["minutes"] == 45, record


async def wrong(producer, schemas):
    command_id = await send_json(producer, "airplane/N1AI", "RetireAirplane")
    record, headers = await answer_to(command_id)
    assert (record.topic, headers["status"], headers["type"]) == (DEAD_LETTERS, "dead-letter", "RetireAirplane"), headers
    for payload in ({"RegisterAirplane": {"aircraft_type": "332"}}, ("aerolog.schedule.RetireAirplane", {}), {}):
        try:
            value = schemas.encode({"command_id": command_id, "aggregate_id": "airplane/N1AI", "payload": payload})
        except ValueError:
            continue
        raise AssertionError(f"{payload} became {value}")


async def main():
    schemas = Schemas()
    # The default partitioner is Java's.
    producer = AIOKafkaProducer(bootstrap_servers=SERVERS, enable_idempotence=True)
    await producer.start()
    try:
        await in_avro(producer, schemas)
        await in_json(producer, schemas)
        await wrong(producer, schemas)
    finally:
        await producer.stop()
    print("aiokafka: accepted in Avro and in JSON, a dead letter, wrong commands refused, and an event read back")


asyncio.run(main())
