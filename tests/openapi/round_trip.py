"""One round trip through clients that a generator has made: create, add legs, ask at the outcome's position, explain, delete."""

import datetime
import sys

from gateway import Client as GatewayClient
from gateway import models as commands
from gateway.api.default import (
    delete_rotations_id,
    delete_rotations_id_legs_leg,
    post_rotations,
    post_rotations_id_legs,
)
from query import Client as QueryClient
from query import models as answers
from query.api.default import get_checks_check, get_explain_node, get_rotations_id, get_rotations_id_legs_leg


def at(hour, minute=0):
    return datetime.datetime(2026, 3, 1, hour, minute, tzinfo=datetime.timezone.utc)


def accepted(answer):
    assert answer.status_code == 200, (answer.status_code, answer.content)
    assert isinstance(answer.parsed, commands.Outcome), answer.parsed
    return answer.parsed


def explained(query, node, position):
    answer = get_explain_node.sync_detailed(node, client=query, at_least=position)
    assert answer.status_code == 200, (answer.status_code, answer.content)
    assert isinstance(answer.parsed, answers.Explanation), answer.parsed
    return answer.parsed


def main(gateway_url, query_url):
    gateway, query = GatewayClient(base_url=gateway_url), QueryClient(base_url=query_url)
    body = commands.CreateRotationBody.from_dict({"rotation_id": "GENERATED", "mode": "draft"})
    created = accepted(post_rotations.sync_detailed(client=gateway, body=body))

    legs = [
        {"leg_id": "L1", "designator": "HA11", "origin": "HNL", "destination": "LAX", "departure": at(1).isoformat(), "arrival": at(6).isoformat()},
        {"leg_id": "L2", "designator": "HA12", "origin": "SFO", "destination": "HNL", "departure": at(7).isoformat(), "arrival": at(12).isoformat()},
    ]
    body = commands.AddLegsBody.from_dict({"legs": legs})
    tag = f'"{created.version}"'
    added = accepted(post_rotations_id_legs.sync_detailed("GENERATED", client=gateway, body=body, if_match=tag))
    stale = post_rotations_id_legs.sync_detailed("GENERATED", client=gateway, body=body, if_match=tag)
    assert stale.status_code == 412, stale.status_code

    seen = get_rotations_id.sync_detailed("GENERATED", client=query, x_min_position=added.position)
    assert seen.status_code == 200, (seen.status_code, seen.content)
    assert [leg.id for leg in seen.parsed.legs] == ["L1", "L2"], seen.parsed
    assert seen.parsed.legs[0].departure == at(1), seen.parsed.legs[0]
    leg = get_rotations_id_legs_leg.sync("GENERATED", "L1", client=query)
    assert leg.next_.id == "L2" and leg.previous is None, leg
    check = get_checks_check.sync("rotation-continuity", client=query, rotation="GENERATED")
    assert check.total == 1 and len(check.violations) == 1, check

    # Slashes of a node's id are percent-encoded by the client.
    history = explained(query, "rotation/GENERATED", added.position)
    assert (history.aggregate_id, history.next_cursor) == ("rotation/GENERATED", None), history
    assert [event.type_ for event in history.events] == ["LegAdded", "LegAdded", "RotationCreated"], history
    assert [event.version for event in history.events] == [3, 2, 1], history
    assert [event.command.command_id for event in history.events] == [added.command_id, added.command_id, created.command_id], history
    assert {event.command.type_ for event in history.events} == {"AddLegs", "CreateRotation"}, history
    assert all(isinstance(event.decided_at, datetime.datetime) for event in history.events), history
    assert [(change.what, change.from_, change.to) for change in history.events[2].changed] == [("mode", None, "draft")], history
    explanation = explained(query, f"violation/{check.violations[0].id}", added.position)
    assert explanation.violation.rotation == "GENERATED", explanation
    assert {fact.node for fact in explanation.facts} == {"leg/GENERATED/L1", "leg/GENERATED/L2"}, explanation
    assert all(fact.provenance.command_id == added.command_id for fact in explanation.facts), explanation

    removed = accepted(delete_rotations_id_legs_leg.sync_detailed("GENERATED", "L2", client=gateway))
    check = get_checks_check.sync("rotation-continuity", client=query, rotation="GENERATED", at_least=removed.position)
    assert check.total == 0, check

    deleted = accepted(delete_rotations_id.sync_detailed("GENERATED", client=gateway))
    gone = get_rotations_id.sync_detailed("GENERATED", client=query, x_min_position=deleted.position)
    assert gone.status_code == 404, gone.status_code
    history = explained(query, "rotation/GENERATED", deleted.position)
    assert history.events[0].type_ == "RotationRemoved" and len(history.events) == 5, history
    print("create, add, ask, explain, remove, delete, explain what is gone: as expected")


main(*sys.argv[1:])
