"""A node with a data folder of its own, and how to talk to it."""

import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PASSWORD = "a correct horse battery"
DEADLINE_SECONDS = 60

SETTINGS = {
    "IHS_LISTEN": "127.0.0.1:0",
    "IHS_AUTH__ARGON2_MEMORY_KIB": "64",
    "IHS_AUTH__ARGON2_PASSES": "1",
    "IHS_AUTH__LOGIN_FAILURES": "0",
    "IHS_AUTH__LOGIN_FAILURES_PER_ADDRESS": "0",
    "IHS_LIMITS__MESSAGES_PER_SECOND": "0",
}


class Node:
    def __init__(self, binary: str, log: Path) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ihs-trial.")
        plain = {name: value for name, value in os.environ.items() if not name.startswith("IHS_")}
        environment = {**plain, **SETTINGS, "IHS_DATA_DIR": self.folder.name}
        command = [binary, "createsuperuser", "--username", "root", "--password-stdin"]
        subprocess.run(command, env=environment, input=PASSWORD, text=True, check=True,
                       stderr=subprocess.DEVNULL)
        self.log = log.open("w")
        self.process = subprocess.Popen([binary], env=environment, stdout=self.log,
                                        stderr=self.log)
        self.url = self._address(log)

    def _address(self, log: Path) -> str:
        end = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            for word in log.read_text().split():
                if word.startswith("http://127.0.0.1:"):
                    return word.rstrip("/.,")
            time.sleep(0.05)
        raise SystemExit(f"the node does not start; see {log}")

    def call(self, method: str, path: str, body: object = None, token: str = "") -> dict:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read()!r}") from error

    def log_in(self, username: str) -> str:
        body = {"username": username, "password": PASSWORD}
        return self.call("POST", "/api/token/", body)["token"]

    def __enter__(self) -> "Node":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()
