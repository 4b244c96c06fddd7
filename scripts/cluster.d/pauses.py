"""A constant load to every partition, and how long each partition was silent.

    pauses.py send AIRPORTS RATE ENOUGH     prints records for Kafka's console producer until the file ENOUGH appears, RATE in a second
    pauses.py read FROM_MS TO_MS MAX_MS     reads what the console consumer printed of the events topic between two times, and compares the p99

A pause is the time between two events of a partition by the broker's clock (LogAppendTime). Under this load a partition has an event every tenth of a
second or so; a longer silence is its owner's."""

import csv
import json
import pathlib
import re
import sys
import time
import uuid

PARTITIONS = 24
LINE = re.compile(r"^LogAppendTime:(\d+)\tPartition:(\d+)")
# What a producer holds back at once is sent at once after a moment without the processor of this machine.
BURST_MAX = 50


def send(airports, rate, enough):
    with open(airports, newline="") as file:
        keys = [f"airport/{row[0]}" for row in csv.reader(file) if re.fullmatch("[A-Z]{3}", row[0])]
    began, sent = time.monotonic(), 0
    while not pathlib.Path(enough).exists():
        due = min(int((time.monotonic() - began) * rate) - sent, BURST_MAX)
        for _ in range(due):
            key, minutes = keys[sent % len(keys)], 30 + (sent // len(keys)) % 2
            command = {"command_id": str(uuid.uuid4()), "aggregate_id": key, "payload": {"SetMinimumGroundTime": {"minutes": minutes}}}
            print(f"content-type:application/json\t{key}\t{json.dumps(command)}")
            sent += 1
        sys.stdout.flush()
        time.sleep(0.01)


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
