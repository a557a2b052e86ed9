"""Succeeds once the MongoDB on a port of this machine takes writes.

Speaks just enough of the wire protocol to ask `hello`, so that nothing need be installed. A
fresh `mongod --replSet` is initiated on the way.
"""

import socket
import struct
import sys


def element(name, value):
    key = name.encode() + b"\0"
    if isinstance(value, dict):
        return b"\x03" + key + document(value)
    if isinstance(value, list):
        return b"\x04" + key + document({str(at): item for at, item in enumerate(value)})
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02" + key + struct.pack("<i", len(text)) + text
    return b"\x10" + key + struct.pack("<i", value)


def document(fields):
    body = b"".join(element(name, value) for name, value in fields.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def call(port, command):
    body = struct.pack("<i", 0) + b"\0" + document({**command, "$db": "admin"})
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body)
        answer = connection.makefile("rb")
        (length,) = struct.unpack("<i", answer.read(4))
        return answer.read(length - 4)


def is_writable(answer):
    return b"\x08isWritablePrimary\0\x01" in answer


def main():
    port = int(sys.argv[1])
    if is_writable(call(port, {"hello": 1})):
        return 0
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    call(port, {"replSetInitiate": {"_id": "ihs", "members": [member]}})
    return 1


sys.exit(main())
