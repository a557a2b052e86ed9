"""What schemathesis cannot know from a schema: who the principal is, and what is in the store.

Negative cases are left as they are. In positive ones a reference leads to something that is there
and a unique value is new, since a schema cannot say so, and else hardly a request would come further
than its check.
"""

import datetime
import itertools
import json
import os
import re
import urllib.request
import uuid

import schemathesis
from hypothesis import strategies as st

WORLD = json.load(open(os.environ["IHS_TRIAL_WORLD"], encoding="utf-8"))
DOCUMENT = json.load(urllib.request.urlopen(WORLD["url"] + "/api/schema/"))
KEPT = {key for keys in WORLD["records"].values() for key in keys} | {WORLD["principal"], "root"}
NOWHERE = "0" * 24
COUNTER = itertools.count()

# Rules among records, which no schema can say: as in Django REST framework a body that breaks one is
# answered with 400, and schemathesis takes every 400 to a body that keeps to the schema for a fault.
RULES = [re.compile(rule) for rule in (
    r"Unable to log in with provided credentials\.",
    r"The password is too similar to the (username|email address)\.",
    r"This password is (too common|entirely numeric)\.",
    r"Invalid pk \".*\" - object does not exist\.",
    r"Object with username=.* does not exist\.",
    r"Exactly one of room and receiver must be given\.",
    r"It is not the key of the header Idempotency-Key\.",
    r".* is not a member of the room\.",
    r"Nobody sends messages to themselves\.",
    r"A direct room has exactly one other member\.",
    r"The (members|admins) of a direct room cannot be changed\.",
    r".* must be members.*",
    r"This list may not be empty\.",
    r"after and (history exclude each other|before cannot be combined)\.",
    r"The end must come after the start\.",
    r"An appointment takes at most 7 days\.",
    r"A new appointment is open\.",
    r"Only the times of an appointment that is open can change\.",
    r"The reviewee is the doctor of the appointment\.",
    r".* with this .* already exists\.",
    r"Nobody can follow themselves\.",
    r"The fields .* must make a unique set\.",
    r"\"staff\" is not a valid choice\.",
)]

# Refusals for what is true of a request as a whole, which no schema of its parts can say;
# schemathesis counts them neither among those of bad data nor as allowed for good data.
LIMITS = (412, 413, 414)

schemathesis.openapi.format("decimal", st.sampled_from(["1", "2", "3.0"]))
schemathesis.openapi.format("username", st.from_regex(r"[a-z][a-z0-9]{5,12}", fullmatch=True))
schemathesis.openapi.format("password", st.from_regex(r"[a-zA-Z0-9 ]{12,40}[a-z]", fullmatch=True))
schemathesis.openapi.format("json-list", st.just("[]"))
schemathesis.openapi.format("cursor", st.just(""))
schemathesis.openapi.format("terms", st.from_regex(r"[a-zäب]{0,5}( [a-z]{1,3}){0,5}", fullmatch=True))


def session() -> dict:
    body = json.dumps({"username": WORLD["principal"], "password": WORLD["password"]}).encode()
    request = urllib.request.Request(WORLD["url"] + "/api/token/", body,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def log_in() -> str:
    return session()["token"]


class Token:
    """One session for all, but for what ends sessions."""

    kept = None

    def get(self, case, context):
        if case.operation.path == "/api/token/revoke/":
            # It may end all sessions.
            Token.kept = None
            return log_in()
        Token.kept = Token.kept or log_in()
        return Token.kept

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


if WORLD["principal"]:
    schemathesis.auth(refresh_interval=None)(Token)


def resolve(schema):
    while "$ref" in schema:
        target = DOCUMENT
        for step in schema["$ref"].split("/")[1:]:
            target = target[step]
        schema = target
    return schema


def possible(schema, value):
    """The value with references that lead somewhere, and new or in bounds where it must be."""
    schema = resolve(schema)
    for choice in schema.get("anyOf", []):
        value = possible(choice, value)
    pool = WORLD["records"].get(schema.get("x-refers-to"), [])
    if pool and isinstance(value, str) and value:
        return pool[sum(map(ord, value)) % len(pool)]
    if schema.get("x-unique") and isinstance(value, (str, int, float)):
        return f"{str(value)[:40].strip()}-{next(COUNTER)}"
    if schema.get("format") == "decimal" and isinstance(value, str) and value:
        # A schema cannot bound a number that stands in a text.
        return "1"
    if isinstance(value, list) and "items" in schema:
        return [possible(schema["items"], item) for item in value]
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return {name: possible(known[name], inner) if name in known else inner
                for name, inner in value.items()}
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    keep_the_world(case)
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if not positive:
        return
    headers = case.headers or {}
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    if "If-Match" in headers:
        headers["If-Match"] = "*"
    operation = DOCUMENT["paths"][case.operation.path].get(case.method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    if case.media_type in content:
        case.body = possible(content[case.media_type]["schema"], case.body)
        if isinstance(case.body, dict):
            agree(case.operation.path, case.body)


def agree(path, body):
    """Most bodies come through where one field decides what another may be."""
    turn = next(COUNTER) % 3
    if path == "/api/messages/" and isinstance(body.get("key"), str):
        body["key"] = str(uuid.uuid4())
    if path == "/api/messages/" and "room" in body and "receiver" in body and turn:
        del body[("room", "receiver")[turn - 1]]
    if path == "/api/appointments/" and "start_time" in body and turn:
        start = datetime.datetime(2090, 1, 1) + datetime.timedelta(hours=next(COUNTER))
        body["start_time"] = f"{start.isoformat()}Z"
        body["end_time"] = f"{(start + datetime.timedelta(minutes=30)).isoformat()}Z"
        body.pop("status", None)
        body.pop("patient", None)
    if path in ("/api/token/", "/api-token-auth/") and turn:
        body.update(username=WORLD["spare"][0], password=WORLD["password"])
    if path == "/api/token/refresh/" and turn and WORLD["principal"]:
        body["refresh"] = session()["refresh"]


def keep_the_world(case):
    """Whoever tries all this stays, and so does what bodies refer to."""
    if case.method == "GET":
        return
    profile = case.operation.path.startswith(("/api/patients/", "/api/doctors/"))
    if profile and case.method != "DELETE":
        return
    for name, value in (case.path_parameters or {}).items():
        if value in KEPT:
            case.path_parameters[name] = NOWHERE


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Every other record is one that is there."""
    if not path_parameters or context.operation is None:
        return path_parameters
    resource = context.operation.path.split("/")[2]
    people = resource in ("users", "patients", "doctors")
    pool = WORLD["spare"] if people else WORLD["records"].get(resource, [])
    name = "username" if people else "id"
    value = path_parameters.get(name)
    if pool and isinstance(value, str) and sum(map(ord, value)) % 2:
        path_parameters[name] = pool[sum(map(ord, value)) % len(pool)]
    return path_parameters


def needs_a_body(case):
    operation = DOCUMENT["paths"][case.operation.path].get(case.method.lower(), {})
    return operation.get("requestBody", {}).get("required", True)


def messages(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from messages(inner)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    kind = type(failure).__name__
    if kind in ("AcceptedNegativeData", "RejectedPositiveData") and response.status_code in LIMITS:
        return False
    if kind == "AcceptedNegativeData":
        # An odd value of a form may be sent as nothing, and nothing may be sent here.
        return bool(response.request.body) or needs_a_body(case)
    if kind == "UseAfterFree":
        # What is deleted of a conversation stays to be seen as deleted.
        return not case.operation.path.startswith("/api/messages/")
    if kind == "EnsureResourceAvailability":
        # Whoever notifies somebody else does not see what that user gets, nor whoever signs
        # somebody else up that user's account; whoever has left a room that they made sees it no
        # more; and what is kept of the world was sent nowhere.
        lost = NOWHERE in (case.path_parameters or {}).values()
        others = ("/api/notifications/", "/api/rooms/") if WORLD["principal"] == "root" else (
            "/api/notifications/", "/api/rooms/", "/api/users/")
        return not lost and not case.operation.path.startswith(others)
    if kind != "RejectedPositiveData" or response.status_code != 400:
        return True
    said = response.json()
    said = list(messages(said.get("errors", said)))
    return not all(any(rule.fullmatch(text) for rule in RULES) for text in said)
