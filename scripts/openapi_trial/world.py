"""Who and what is there before a trial begins."""

from .node import PASSWORD, Node

PRINCIPALS = ["anonymous", "patient", "doctor", "superuser"]

NAMES = {"anonymous": None, "patient": "pia", "doctor": "dora", "superuser": "root"}
PEOPLE = {"pia": "patient", "paul": "patient", "dora": "doctor", "dan": "doctor", "nora": "nurse"}
SPARE = 30


def settle(node: Node, principal: str) -> dict:
    """Makes them by REST; what is named here is not deleted by the trial."""
    root = node.log_in("root")
    spare = {f"spare-{number}": ("patient", "doctor")[number % 2] for number in range(SPARE)}
    for name, kind in {**PEOPLE, **spare}.items():
        node.call("POST", "/api/users/", {
            "username": name, "password": PASSWORD, "userType": kind,
            "first_name": name.title(), "last_name": "Trial",
        })
    for name in ("dora", "dan", "nora"):
        node.call("PATCH", f"/api/doctors/{name}/", {"verified": True}, root)
    name = NAMES[principal]
    records = {"users": list(PEOPLE)}
    records["insurances"] = [
        node.call("POST", "/api/insurances/", {"orgname": f"Trial Mutual {number}"}, root)["id"]
        for number in range(3)
    ]
    if name:
        records.update(conversations(node, name))
    return {
        "url": node.url, "principal": name, "password": PASSWORD, "records": records,
        "spare": list(spare),
    }


def conversations(node: Node, name: str) -> dict:
    """Rooms that the principal is in, and what was said there."""
    token = node.log_in(name)
    others = [other for other in PEOPLE if other != name]
    room = node.call("POST", "/api/rooms/", {"name": "Trial", "members": others}, token)["id"]
    said = [
        node.call("POST", "/api/messages/", {"room": room, "text": f"line {number}"}, token)["id"]
        for number in range(3)
    ]
    return {"rooms": [room], "messages": said}
