"""What the `websockets` library of Python makes of our sockets: `websockets_client.py URL TOKEN ROOM`."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

url, token, room = sys.argv[1:]


def open_socket():
    return connect(url, additional_headers={"Authorization": f"Bearer {token}"}, close_timeout=10)


async def answer(socket, kind):
    while True:
        frame = json.loads(await socket.recv())
        if frame["type"] == kind:
            return frame


async def fragments_with_pings_between():
    async with open_socket() as socket:
        await socket.send(json.dumps({"type": "join", "room": room}))
        await answer(socket, "joined")
        text = json.dumps({"type": "message", "ref": 1, "room": room, "text": "سلام 😀"}, ensure_ascii=False)
        pongs = []

        async def parts():
            for part in (text[:5], text[5:-5], text[-5:]):
                yield part
                pongs.append(await socket.ping())
                # The last one comes behind the whole message, and so after this.
                if len(pongs) < 3:
                    await pongs[-1]

        await socket.send(parts())
        assert (await answer(socket, "message"))["text"] == "سلام 😀"
        await pongs[-1]
    assert socket.close_code == 1000, socket.close_code


async def closed_by_the_server():
    async with open_socket() as socket:
        for _ in range(10):
            await socket.send("not JSON")
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 4400, closed
            assert closed.sent.code == 4400, closed


async def half_closed():
    async with open_socket() as socket:
        for number in range(20):
            await socket.send(json.dumps({"type": "message", "ref": number, "room": room, "text": "last words"}))
        socket.transport.write_eof()
        acks = 0
        try:
            while True:
                acks += json.loads(await socket.recv())["type"] == "ack"
        except ConnectionClosed:
            pass
        assert acks == 20, acks


async def main():
    async with asyncio.timeout(50):
        await fragments_with_pings_between()
        await closed_by_the_server()
        await half_closed()
    print("ok")


asyncio.run(main())
