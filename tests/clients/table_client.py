"""A person with DuckDB or pandas: the tables of `aerolog decode`, from what kcat reads and from the log, with the right types.

Environment: KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL and AEROLOG, the command line's path.
"""

import json
import os
import pathlib
import subprocess
import tempfile

import duckdb
import pandas

AEROLOG = os.environ["AEROLOG"]
WAIT_SECONDS_MAX = 60
ROTATION = "0042"
TEXTS = ["rotation", "leg", "designator", "aircraft_type"]
TIMES = ["departure", "arrival", "origin_date"]
TEXT, TIME = "VARCHAR", "TIMESTAMP WITH TIME ZONE"
TYPES = {
    "legs": {
        **dict.fromkeys(["rotation", "leg", "designator", "origin", "destination"], TEXT),
        **{"departure": TIME, "arrival": TIME, "origin_date": "DATE"},
        **dict.fromkeys(["mode", "airplane", "aircraft_type"], TEXT),
    },
    "rotations": {
        **dict.fromkeys(["rotation", "mode", "airplane", "aircraft_type"], TEXT),
        **{"legs": "BIGINT", "first_departure": TIME, "departs_from": TEXT, "last_arrival": TIME, "arrives_at": TEXT},
    },
    "checks": {
        **{"check": TEXT, "rotation": TEXT, "leg": TEXT, "departure": TIME, "arrival": TIME, "arrives_at": TEXT},
        **{"next_rotation": TEXT, "next_leg": TEXT, "next_departure": TIME, "departs_from": TEXT},
        **{"airport": TEXT, "airplane": TEXT, "designator": TEXT, "origin_date": "DATE"},
        **{"ground_minutes": "BIGINT", "minimum_minutes": "BIGINT", "leg_count": "BIGINT"},
        **dict.fromkeys(["discontinuous", "overlapping", "retired"], "BOOLEAN"),
    },
}


def run(*arguments, status=0, **more):
    ended = subprocess.run([AEROLOG, *arguments], capture_output=True, timeout=WAIT_SECONDS_MAX, check=False, **more)
    assert ended.returncode == status, (arguments, ended)
    return ended


def kcat(topic, form, *more):
    servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    line = ["kcat", "-C", "-q", "-e", "-o", "beginning", "-b", servers, "-t", topic, "-f", form, "-X", "isolation.level=read_committed", *more]
    return subprocess.run(line, capture_output=True, timeout=WAIT_SECONDS_MAX, check=True).stdout


def a_schedule():
    """Names that look like numbers, a time with half a second, and every kind of violation."""
    leg = "{},{},{},{},2008-01-01T{}Z,2008-01-01T{}Z"
    for code in ("TDA", "TDB"):
        run("send", "register-airport", code, "--name", code, "--zone", "Pacific/Honolulu", "--minimum-ground-time", "40")
    run("send", "register-airplane", "N42TD", "--aircraft-type", "717")
    for rotation in (ROTATION, "0043", "0044"):
        run("send", "create-rotation", rotation)
    first = [("007", "5E1", "TDA", "TDB", "08:00:00", "08:30:00.5"), ("008", "5E2", "TDB", "TDA", "09:00:00", "09:30:00")]
    second = [("1", "5E3", "TDB", "TDX", "09:10:00", "14:00:00"), ("2", "5E3", "TDB", "TDA", "13:00:00", "13:30:00")]
    second.append(("3", "5E2", "TDB", "TDA", "09:05:00", "09:35:00"))
    for rotation, legs in ((ROTATION, first), ("0043", second)):
        run("send", "add-legs", rotation, *(part for one in legs for part in ("--leg", leg.format(*one))))
        run("send", "assign-airplane", rotation, "N42TD")
    run("send", "assign-airplane", "0044", "N43TD")


def table(name, form, folder, source):
    """The file of a table; the line that says how many rows there are is checked."""
    if source is None:
        ended = run("decode", "--table", name, "--form", form, "--from-log")
    else:
        ended = run("decode", "--table", name, "--form", form, input=source)
    path = folder / f"{name}.{form}"
    path.write_bytes(ended.stdout)
    rows = ended.stdout.count(b"\n") - (form == "csv")
    assert f"aerolog: {rows} rows after".encode() in ended.stderr, ended
    return path


def types_of(query):
    return dict(zip(query.columns, map(str, query.types), strict=True))


def duckdb_reads(csv, ndjson, name):
    rows = duckdb.read_json(str(ndjson))
    assert types_of(rows) == TYPES[name], (name, types_of(rows))
    said = {column: TEXT for column in TYPES[name] if column in TEXTS}
    same = duckdb.sql(f"select * from read_csv('{csv}', types = {said})")
    assert types_of(same) == TYPES[name], (name, types_of(same))
    assert rows.fetchall() == same.fetchall(), name
    return rows


def in_duckdb(files):
    legs, rotations, checks = (duckdb_reads(*files[name], name) for name in TYPES)
    ours = duckdb.sql(f"select leg, designator, origin_date::text, epoch_ms(arrival), airplane, aircraft_type from legs where rotation = '{ROTATION}'")
    assert ours.fetchall() == [
        ("007", "5E1", "2007-12-31", 1199176200500, "N42TD", "717"),
        ("008", "5E2", "2007-12-31", 1199179800000, "N42TD", "717"),
    ], ours
    of_us = "rotation in ('0042', '0043', '0044')"
    spans = duckdb.sql(f"select rotation, legs, departs_from, arrives_at, airplane, aircraft_type from rotations where {of_us} order by rotation")
    assert spans.fetchall() == [
        (ROTATION, 2, "TDA", "TDA", "N42TD", "717"),
        ("0043", 3, "TDB", "TDA", "N42TD", "717"),
        ("0044", 0, None, None, "N43TD", None),
    ], spans
    found = dict(duckdb.sql(f'select "check", count(*) from checks where {of_us} group by "check"').fetchall())
    assert found == {
        **{"rotation-continuity": 2, "overlap": 2, "ground-time": 1, "flight-designator": 1, "rotation-seam": 1, "unknown-reference": 2}
    }, (found, checks)
    # What a violation is about is found again among the legs.
    missing = duckdb.sql("select * from checks anti join legs using (rotation, leg) where leg is not null").fetchall()
    assert missing == [], missing


def in_pandas(files):
    legs = pandas.read_csv(files["legs"][0], dtype=str, parse_dates=TIMES, keep_default_na=False, na_values=[""])
    ours = legs[legs["rotation"] == ROTATION]
    assert list(ours["leg"]) == ["007", "008"] and list(ours["designator"]) == ["5E1", "5E2"], ours
    assert all(pandas.api.types.is_datetime64_any_dtype(legs[column]) for column in TIMES), legs.dtypes
    assert list((ours["arrival"] - ours["departure"]).dt.total_seconds()) == [1800.5, 1800.0], ours
    texts = pandas.read_csv(files["legs"][0], dtype=str)["departure"]
    assert texts.str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").all(), texts
    by_text, by_time = (list(column.sort_values(kind="stable").index) for column in (texts, legs["departure"]))
    assert by_text == by_time, texts


def wrong_input_is_an_error(events):
    lacks = run("decode", "--table", "legs", "-f", "%R%s", status=1, input=b"")
    assert b"needs the partition" in lacks.stderr, lacks
    late = run("decode", "--table", "legs", status=1, input=kcat("schedule.events", "%p %R%s", "-o", "1"))
    assert b"events are missing" in late.stderr and b"from the beginning" in late.stderr, late
    twice = run("decode", "--table", "legs", status=1, input=events + events)
    assert b"has to come once" in twice.stderr, twice
    other = run("decode", "--table", "legs", status=1, input=kcat("schedule.outcomes", "%p %R%s"))
    assert b"is no event" in other.stderr and b"schedule.events" in other.stderr, other
    half = run("decode", "--table", "legs", status=1, input=events[:-1])
    assert b"ends within a value" in half.stderr and half.stdout == b"", half


def main():
    a_schedule()
    events = kcat("schedule.events", "%p %R%s")
    with tempfile.TemporaryDirectory() as folder:
        piped, asked = pathlib.Path(folder) / "piped", pathlib.Path(folder) / "asked"
        piped.mkdir()
        asked.mkdir()
        files = {name: [table(name, form, piped, events) for form in ("csv", "ndjson")] for name in TYPES}
        for name, of_kcat in files.items():
            of_log = [table(name, form, asked, None) for form in ("csv", "ndjson")]
            assert [one.read_bytes() for one in of_kcat] == [one.read_bytes() for one in of_log], name
            for line in of_kcat[1].read_text().splitlines():
                assert list(json.loads(line)) == list(TYPES[name]), line
        in_duckdb(files)
        in_pandas(files)
    wrong_input_is_an_error(events)
    print("DuckDB and pandas: legs, rotations and checks as tables, from kcat and from the log")


main()
