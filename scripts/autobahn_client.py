# coding: utf-8
# Python 2.7, started by scripts/autobahn: one server, one run of the fuzzing client, a line per case
# that does not pass, totals.
import argparse
import os
import re
import sys
import time
import unittest
from collections import Counter
from urlparse import urlsplit

sys.modules["unittest2"] = unittest  # wanted by the import of a mode that is not used here

from autobahntestsuite import fuzzing
from autobahntestsuite.fuzzing import FuzzingClientProtocol
from twisted.internet import reactor
from twisted.python import log

PASSING = {"OK", "NON-STRICT", "INFORMATIONAL"}
SETTLE = 0.1


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/autobahn", description="Autobahn fuzzing client against a WebSocket server on 127.0.0.1")
    parser.add_argument("url", help="ws://127.0.0.1:PORT/PATH[?QUERY]")
    parser.add_argument("-H", "--header", action="append", default=[], help="'Name: value' of the opening handshake, repeatable")
    parser.add_argument("-q", "--query", help="is appended to the query of the URL")
    parser.add_argument("-p", "--protocol", action="append", default=[], help="subprotocol to offer, repeatable")
    parser.add_argument("-c", "--cases", default="1.* 2.* 3.* 4.* 5.* 6.* 7.* 10.*", help="default: %(default)s")
    parser.add_argument("-x", "--exclude", default="", help="cases left out of these")
    parser.add_argument("-n", "--no-echo", action="store_true", help="the server does not echo: its messages are ignored")
    parser.add_argument("-o", "--out", default="reports", help="folder of index.html and index.json (default: %(default)s)")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every case as it runs")
    chosen = parser.parse_args()
    if urlsplit(chosen.url).scheme != "ws" or urlsplit(chosen.url).hostname not in ("127.0.0.1", "localhost"):
        parser.error("only ws://127.0.0.1 and ws://localhost are tested")
    if chosen.query:
        chosen.url += ("&" if "?" in chosen.url else "?") + chosen.query
    chosen.header = dict([part.strip() for part in header.split(":", 1)] for header in chosen.header)
    return chosen


class NoEchoProtocol(FuzzingClientProtocol):
    """What is expected of an echoing server, less the messages. A case that waits for its echo before it closes is closed after a moment instead:
    a server that wrongly took offence at what came before the close frame has failed the connection by then, or does so before it answers."""

    def onOpen(self):
        FuzzingClientProtocol.onOpen(self)
        expected = self.runCase.expected
        for outcome in expected:
            expected[outcome] = [event for event in expected[outcome] if event[0] != "message"]
        for outcome in list(expected):
            if outcome != "OK" and expected[outcome] == expected.get("OK"):
                del expected[outcome]
        reactor.callLater(SETTLE, self._settled)

    def _settled(self):
        if self.state == self.STATE_OPEN:
            self.runCase.finishWhenDone()

    def onMessage(self, payload, binary):
        pass


class Client(fuzzing.FuzzingClientFactory):
    def __init__(self, spec, headers):
        self._headers = headers
        fuzzing.FuzzingClientFactory.__init__(self, spec)

    def setSessionParameters(self, *positional, **named):
        fuzzing.FuzzingClientFactory.setSessionParameters(self, *positional, **named)
        self.headers = self._headers


def summary(client, out):
    results = client.agents.get("server", {})
    totals, bad = Counter(), 0
    for case in client.specCases:
        result = results.get(case)
        behavior, close = (result["behavior"], result["behaviorClose"]) if result else ("NOT RUN", "")
        totals[behavior] += 1
        if behavior in PASSING and close in PASSING:
            continue
        bad += 1
        if behavior in PASSING:
            totals["bad close"] += 1
        print("%-8s %-13s %s" % (case, behavior, explanation(result) if result else "no connection, or an error of the client (-v shows it)"))
    return bad, ", ".join("%d %s" % (number, name) for name, number in totals.most_common())


def explanation(result):
    text = "close %s, code %s: %s" % (result["behaviorClose"], result["remoteCloseCode"], " ".join(re.sub("<.*?>", "", result["description"].split("<br>")[0]).split()))
    if result["behavior"] not in PASSING:
        text += " Received: %s" % brief(result["received"])
    if result["behaviorClose"] not in PASSING:
        text += " [%s]" % result["resultClose"]
    return text


def brief(events):
    return "nothing" if not events else " ".join("%s %s" % (event[0], str(event[1])[:40]) for event in events[:6])


def main():
    chosen = arguments()
    if chosen.no_echo:
        fuzzing.FuzzingClientProtocol = NoEchoProtocol
    if chosen.verbose:
        log.startLogging(sys.stdout)
    real, started = sys.stdout, time.time()
    sys.stdout = real if chosen.verbose else open(os.devnull, "w")
    client = Client({"servers": [{"agent": "server", "url": chosen.url, "protocols": chosen.protocol}], "outdir": chosen.out,
                     "cases": chosen.cases.split(), "exclude-cases": chosen.exclude.split()}, chosen.header)
    if client.specCases:
        reactor.run()
    sys.stdout = real
    bad, totals = summary(client, chosen.out)
    print("%d cases, %d not passing: %s; %d s; %s/index.html" % (len(client.specCases), bad, totals, time.time() - started, chosen.out))
    sys.exit(1 if bad or not client.specCases else 0)


main()
