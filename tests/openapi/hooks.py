"""What JSON Schema cannot say of requests that are accepted."""

import re

import schemathesis

FINER_THAN_MILLISECONDS = re.compile(r"^\d{4}-\d\d-\d\dT.*\.\d{4,}", re.IGNORECASE)


@schemathesis.hook
def filter_query(context, query):
    """A window of time begins before it ends."""
    begin, end = (query or {}).get("from"), (query or {}).get("to")
    return not (isinstance(begin, str) and isinstance(end, str)) or begin <= end


@schemathesis.hook
def filter_body(context, body):
    """To JSON Schema 5.0 is an integer, and to a command it is not; instants are to the millisecond."""
    if isinstance(body, dict):
        return all(filter_body(context, value) for value in body.values())
    if isinstance(body, list):
        return all(filter_body(context, value) for value in body)
    if isinstance(body, float):
        return not body.is_integer()
    return not (isinstance(body, str) and FINER_THAN_MILLISECONDS.match(body))
