"""What each compression costs a producer of events: CPU seconds for a million records, and bytes on the wire.

Events and headers are like those of a processor, made from the real legs of data/; batches are as large as a busy processor's.
Environment: KAFKA_BOOTSTRAP_SERVERS. Prints a table; decision 0030 has one.
"""

import csv
import datetime
import io
import json
import os
import pathlib
import resource
import sys
import uuid
import zlib

import fastavro
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
PARTITIONS = 6
WAIT_SECONDS_MAX = 60
# As in settings.rs: name, level.
COMPRESSIONS = [("none", -1), ("lz4", -1), ("snappy", -1), ("gzip", 1), ("gzip", -1), ("zstd", 1), ("zstd", -1)]


def legs():
    rows = []
    for path in sorted(ROOT.glob("data/legs_*.csv")):
        with path.open() as lines:
            rows.extend(csv.DictReader(lines))
    return rows


def millis(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def events(count):
    """Pairs of a key and a value in Confluent's format."""
    files = [str(ROOT / f"schemas/avro/{name}.avsc") for name in ("leg", "mode", "event-v2")]
    schema = fastavro.schema.load_schema_ordered(files)
    rows = legs()
    for number in range(count):
        row = rows[number % len(rows)]
        leg = {
            "leg_id": f"{row['designator']}-{row['origin']}-{row['std_utc']}",
            "designator": row["designator"],
            "origin": row["origin"],
            "destination": row["dest"],
            "departure": millis(row["std_utc"]),
            "arrival": millis(row["sta_utc"]),
        }
        rotation = f"rotation/{row['tail']}-{row['local_date']}"
        event = {
            "sequence": number + 1,
            "aggregate_id": rotation,
            "version": number % 8 + 1,
            "command_id": str(uuid.uuid4()),
            "command_offset": number,
            "decided_at": 1_700_000_000_000 + number,
            "payload": ("aerolog.schedule.LegAdded", {"leg": leg}),
        }
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, event)
        yield rotation.encode(), b"\0\0\0\0\x01" + out.getvalue()


def cost(compression, level, records):
    """CPU seconds and bytes that the producer sent."""
    topic = f"compression-{uuid.uuid4()}"
    servers = {"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    admin = AdminClient(servers)
    admin.create_topics([NewTopic(topic, PARTITIONS)])[topic].result(WAIT_SECONDS_MAX)
    sent = []
    settings = {
        **servers,
        "compression.type": compression,
        "compression.level": level,
        "linger.ms": 5,
        "batch.num.messages": 20_000,
        "queue.buffering.max.messages": 500_000,
        "statistics.interval.ms": 500,
        "stats_cb": lambda text: sent.append(sum(broker["txbytes"] for broker in json.loads(text)["brokers"].values())),
    }
    producer = Producer(settings)
    before = resource.getrusage(resource.RUSAGE_SELF)
    for number, (key, value) in enumerate(records):
        headers = [("type", b"LegAdded"), ("schema-fingerprint", b"0123456789abcdef"), ("command", b"WxYz0123456789abcdefgh/%d" % number)]
        producer.produce(topic, key=key, value=value, headers=headers, partition=zlib.crc32(key) % PARTITIONS)
    assert producer.flush(WAIT_SECONDS_MAX) == 0, "not all was written"
    after = resource.getrusage(resource.RUSAGE_SELF)
    producer.poll(1)
    admin.delete_topics([topic])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, sent[-1]


def main():
    records = list(events(RECORDS))
    costs = {}
    for name, level in COMPRESSIONS:
        # The least of three: other work on the machine only adds.
        costs[name, level] = min(cost(name, level, records) for _ in range(3))
    none_cpu, none_bytes = costs["none", -1]
    print("| compression | level | CPU s more than none, for a million | bytes of none's |\n|---|---|---|---|")
    for (name, level), (cpu, sent) in costs.items():
        shown = "default" if level < 0 else level
        print(f"| {name} | {shown} | {(cpu - none_cpu) * 1e6 / RECORDS:.2f} | {sent / none_bytes:.0%} |")


main()
