"""Who and what is there before a trial begins."""

from .node import PASSWORD, Node

PRINCIPALS = ["anonymous", "patient", "doctor", "superuser"]

NAMES = {"anonymous": None, "patient": "pia", "doctor": "dora", "superuser": "root"}
PEOPLE = {"pia": "patient", "paul": "patient", "dora": "doctor", "dan": "doctor", "nora": "nurse"}
SPARE = 30

# The resources that have little more than a name, and what they call it.
CATALOGUES = {
    "insurances": "orgname", "specialities": "name", "medicines": "name", "diseases": "name",
}


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
    for resource, field in CATALOGUES.items():
        records[resource] = [
            node.call("POST", f"/api/{resource}/", {field: f"Trial {number}"}, root)["id"]
            for number in range(3)
        ]
    clinic = {"name": "Trial", "city": "London"}
    clinics = [node.call("POST", "/api/clinics/", clinic, node.log_in(name))["id"]
               for name in ("dora", "dan")]
    records["clinics"] = clinics
    records.update(appointments(node))
    if name:
        records.update(conversations(node, name))
    return {
        "url": node.url, "principal": name, "password": PASSWORD, "records": records,
        "spare": list(spare),
    }


def appointments(node: Node) -> dict:
    """Slots of a doctor, one of them reserved, which binds the patient to the doctor."""
    dora, pia = node.log_in("dora"), node.log_in("pia")
    place = node.call("GET", "/api/clinic-doctors/?doctor=dora", token=dora)["results"][0]["id"]
    slots = [
        node.call("POST", "/api/appointments/", {
            "clinic_doctor": place,
            "start_time": f"2089-05-01T{hour:02}:00:00Z",
            "end_time": f"2089-05-01T{hour:02}:30:00Z",
        }, dora)["id"]
        for hour in range(3)
    ]
    node.call("PATCH", f"/api/appointments/{slots[0]}/", {"status": "reserved"}, pia)
    return {"clinic-doctors": [place], "appointments": slots}


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
