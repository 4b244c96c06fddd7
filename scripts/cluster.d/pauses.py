"""A constant load to every partition, and how long each partition was silent.

    pauses.py send AIRPORTS RATE ENOUGH     prints records for kcat until the file ENOUGH appears, RATE in a second
    pauses.py read FROM_MS TO_MS MAX_MS     reads what kcat printed of the events topic between two times, and compares the p99

A pause is the time between two events of a partition by the broker's clock (LogAppendTime). The load goes to the partitions in turn: with 300 commands a
second each has an event every 80 ms, and a longer silence is its owner's."""

import csv
import json
import pathlib
import re
import sys
import time
import uuid

PARTITIONS = 24
LINE = re.compile(r"^(\d+) (\d+)$")
# What a producer holds back at once is sent at once after a moment without the processor of this machine.
BURST_MAX = 200
# Each piece that is sent passes through the API server and a kubelet, which have other work.
SEND_EVERY_SECONDS = 0.04


def murmur2(data):
    """As Kafka's clients compute it of a key (org.apache.kafka.common.utils.Utils.murmur2)."""
    factor, mask = 0x5BD1E995, 0xFFFFFFFF
    whole = len(data) - len(data) % 4
    value = (0x9747B28C ^ len(data)) & mask
    for begin in range(0, whole, 4):
        word = int.from_bytes(data[begin : begin + 4], "little") * factor & mask
        value = (value * factor & mask) ^ ((word ^ word >> 24) * factor & mask)
    if whole < len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return value ^ value >> 15


def by_partition(keys):
    partitions = [[] for _ in range(PARTITIONS)]
    for key in keys:
        partitions[(murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS].append(key)
    return partitions


def send(airports, rate, enough):
    with open(airports, newline="") as file:
        partitions = by_partition(f"airport/{row[0]}" for row in csv.reader(file) if re.fullmatch("[A-Z]{3}", row[0]))
    began, sent = time.monotonic(), 0
    while not pathlib.Path(enough).exists():
        due = min(int((time.monotonic() - began) * rate) - sent, BURST_MAX)
        for _ in range(due):
            keys, turn = partitions[sent % PARTITIONS], sent // PARTITIONS
            # Each time other minutes than before, so that there is an event.
            key, minutes = keys[turn % len(keys)], 30 + turn // len(keys) % 2
            command = {"command_id": str(uuid.uuid4()), "aggregate_id": key, "payload": {"SetMinimumGroundTime": {"minutes": minutes}}}
            print(f"{key}\t{json.dumps(command)}")
            sent += 1
        sys.stdout.flush()
        time.sleep(SEND_EVERY_SECONDS)


def percentile(values, part):
    return sorted(values)[min(len(values) * part // 100, len(values) - 1)]


def read(begin, end, longest):
    times = {partition: [begin] for partition in range(PARTITIONS)}
    for line in sys.stdin:
        found = LINE.match(line)
        if found and begin <= int(found[1]) <= end:
            times[int(found[2])].append(int(found[1]))
    silent = [partition for partition, seen in times.items() if len(seen) == 1]
    if silent:
        sys.exit(f"the load does not reach partitions {silent}")
    # Several pauses of a partition in one update are several pauses: one when its owner goes, one when another comes.
    pauses = []
    for seen in times.values():
        seen = sorted(seen) + [end]
        gaps = sorted((after - before for before, after in zip(seen, seen[1:])), reverse=True)
        pauses.append(gaps[0])
    said = f"pause of a partition: p50 {percentile(pauses, 50)} ms, p99 {percentile(pauses, 99)} ms, max {max(pauses)} ms ({sum(len(seen) for seen in times.values())} events)"
    print(said)
    if percentile(pauses, 99) > longest:
        sys.exit(f"the p99 is more than {longest} ms")


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], float(sys.argv[3]), sys.argv[4])
    else:
        read(*(int(argument) for argument in sys.argv[2:5]))
