"""Asks a Service until a file appears: no answer of a server's fault, and none that is older than what was seen before.

A view that does not reach the asked position in time says so, with 503 and Retry-After; a client asks again. On a machine that has too much to do that
happens, so it is counted by itself."""

import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

ANSWER_SECONDS_MAX = 10
ANSWER_BYTES_MAX = 2000
PAUSE_SECONDS = 0.02


def ask(url):
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS_MAX) as answer:
        return json.load(answer)["partitions"]


def main():
    address, enough = sys.argv[1], pathlib.Path(sys.argv[2])
    answers, late, failures, seen = 0, 0, [], {}
    while not enough.exists():
        wanted = ",".join(f"{partition}:{sequence}" for partition, sequence in seen.items())
        try:
            partitions = ask(f"{address}/position" + (f"?at_least={wanted}" if wanted else ""))
        except urllib.error.HTTPError as error:
            problem = error.read(ANSWER_BYTES_MAX).decode(errors="replace")
            if error.code == 503 and "position-not-reached" in problem:
                late += 1
            else:
                failures.append(f"{error.code} {problem}")
            continue
        except (urllib.error.URLError, OSError) as error:
            failures.append(str(error))
            continue
        answers += 1
        older = [partition for partition, sequence in seen.items() if partitions.get(partition, -1) < sequence]
        if older:
            failures.append(f"partitions {', '.join(older)} are older than an earlier answer")
        seen = {partition: max(sequence, seen.get(partition, 0)) for partition, sequence in partitions.items()}
        time.sleep(PAUSE_SECONDS)
    print(f"{answers} answers, {late} asked again because the position was not reached in time, {len(failures)} failures {failures[:3]}")
    sys.exit(1 if failures or answers == 0 else 0)


if __name__ == "__main__":
    main()
