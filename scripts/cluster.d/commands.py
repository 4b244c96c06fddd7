"""Sends commands through the Service of the gateway until a file appears: each is answered in the end, whatever happens to the gateways.

A client that gets no answer, or one that says that nothing is known, sends the command again under its id, to whichever gateway the Service picks. The audit
shows that each was decided once."""

import json
import pathlib
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

CLIENTS = 4
PAUSE_SECONDS = 0.02
AGAIN_SECONDS = 0.1
ANSWER_SECONDS_MAX = 10
# One command with all of its tries.
COMMAND_SECONDS_MAX = 60


class Counts:
    def __init__(self):
        self.lock, self.accepted, self.later, self.again, self.longest, self.failures = threading.Lock(), 0, 0, 0, 0.0, []


def request(url, command=None):
    """The status and the address at which an outcome can be asked for later; 0 where there was no answer."""
    body = json.dumps(command).encode() if command else None
    asked = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS_MAX) as answer:
            return answer.status, answer.headers.get("location"), ""
    except urllib.error.HTTPError as error:
        return error.code, None, error.read(500).decode(errors="replace")
    except (urllib.error.URLError, OSError) as error:
        return 0, None, str(error)


def send(address, counts):
    name = uuid.uuid4()
    command = {"command_id": str(name), "aggregate_id": f"rotation/{name}", "payload": {"CreateRotation": {"mode": "draft"}}}
    began, url, body = time.monotonic(), f"{address}/commands", command
    while True:
        status, location, said = request(url, body)
        with counts.lock:
            if status == 200:
                counts.accepted += 1
                counts.longest = max(counts.longest, time.monotonic() - began)
                return
            if time.monotonic() - began > COMMAND_SECONDS_MAX or status not in (0, 202, 404, 429, 503):
                counts.failures.append(f"{status} {said}")
                return
            counts.later += status == 202
            counts.again += status != 202
        # What is not decided yet is asked for; where that is not known, as at another gateway that has just begun, it is sent again.
        url, body = (address + location, None) if status == 202 and location else (f"{address}/commands", command)
        time.sleep(AGAIN_SECONDS)


def client(address, enough, counts):
    while not enough.exists():
        send(address, counts)
        time.sleep(PAUSE_SECONDS)


def main():
    address, enough, counts = sys.argv[1], pathlib.Path(sys.argv[2]), Counts()
    clients = [threading.Thread(target=client, args=(address, enough, counts)) for _ in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    print(
        f"{counts.accepted} commands accepted, {counts.later} answered later, {counts.again} sent again, "
        f"the longest took {counts.longest:.1f} s, {len(counts.failures)} failures {counts.failures[:3]}"
    )
    sys.exit(1 if counts.failures or counts.accepted == 0 else 0)


if __name__ == "__main__":
    main()
