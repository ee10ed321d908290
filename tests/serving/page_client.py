"""A lesson's page without a browser: it asks for the page and speaks the websocket's protocol as the page does.

Thirty of these fit where one Chromium does. For tests, and for the load in bench/load.py.
"""

import asyncio
import json
import re
import time
import uuid
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"
CONFIGURATION = re.compile(r'<script id="jupyter-config-data" type="application/json">\s*(\{.*?\})\s*</script>', re.S)


def packed(channel, message, buffers=()):
    """Bytes of a message in the protocol that the page agrees on with the server."""
    fields = [message[name] for name in ("header", "parent_header", "metadata", "content")]
    parts = [channel.encode(), *(json.dumps(part).encode() for part in fields), *buffers]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets)) + b"".join(parts)


def unpacked(data):
    """(channel, message) of such bytes."""
    count = int.from_bytes(data[:8], "little")
    offsets = [int.from_bytes(data[8 * (i + 1) : 8 * (i + 2)], "little") for i in range(count)]
    parts = [data[a:b] for a, b in pairwise(offsets)]
    names = ("header", "parent_header", "metadata", "content")
    return parts[0].decode(), {name: json.loads(part) for name, part in zip(names, parts[1:5], strict=True)}


class Page:
    """One student's page: `await Page.open(address)`, `set(...)`, `close()`."""

    def __init__(self, address, html):
        self.address, self.html = address, html
        configuration = json.loads(CONFIGURATION.search(html)[1])
        parts = urlsplit(address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.kernel = configuration["kernelId"]
        self.session = str(uuid.uuid4())
        self.socket = None
        self.models = {}  # comm -> state
        self.heard = asyncio.Condition()
        self.messages = []
        self._listening = None

    @classmethod
    async def open(cls, address, patience=120):
        """Ask for the page, connect, and wait for the state of its widgets, as the page does before it shows them."""
        request = HTTPRequest(address, request_timeout=patience, connect_timeout=patience)
        answer = await AsyncHTTPClient(force_instance=True, max_clients=1000).fetch(request)
        page = cls(address, answer.body.decode())
        await page.connect()
        await page.ask_for_widgets()
        return page

    async def connect(self, subprotocols=(PROTOCOL,)):
        path = f"{self.origin}/api/kernels/{self.kernel}/channels?session_id={self.session}"
        headers = {"Origin": self.origin}
        request = HTTPRequest(path.replace("http", "ws", 1), headers=headers, connect_timeout=60)
        self.socket = await websocket_connect(request, subprotocols=list(subprotocols), max_message_size=2**30)
        self._listening = asyncio.ensure_future(self._listen())

    async def _listen(self):
        while (data := await self.socket.read_message()) is not None:
            channel, message = unpacked(data)
            async with self.heard:
                self.messages.append((time.perf_counter(), channel, message))
                self.heard.notify_all()

    def message(self, kind, content, metadata=None):
        now = datetime.now(UTC).isoformat()
        header = {"msg_id": str(uuid.uuid4()), "msg_type": kind, "session": self.session, "username": "", "date": now}
        return {
            "header": {**header, "version": "5.3"},
            "parent_header": {},
            "metadata": metadata or {},
            "content": content,
        }

    async def send(self, kind, content, metadata=None):
        """Send a message to the kernel; returns its identity."""
        message = self.message(kind, content, metadata)
        await self.socket.write_message(packed("shell", message), binary=True)
        return message["header"]["msg_id"]

    async def answer(self, identity, kind, patience=60):
        """The first message of a kind that answers another; (time, message)."""

        def found():
            for when, _, message in self.messages:
                if message["parent_header"].get("msg_id") == identity and message["header"]["msg_type"] == kind:
                    return when, message
            return None

        async with self.heard:
            await asyncio.wait_for(self.heard.wait_for(found), patience)
        return found()

    async def ask_for_widgets(self):
        identity = await self.send("kernel_info_request", {})
        await self.answer(identity, "kernel_info_reply")
        comm = str(uuid.uuid4())
        target = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        await self.send("comm_open", target, {"version": "1.0.0"})
        identity = await self.send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})
        _, message = await self.answer(identity, "comm_msg")
        self.models = {name: model["state"] for name, model in message["content"]["data"]["states"].items()}

    def widget(self, *names):
        """The comm of a widget that has all these traits."""
        return next(comm for comm, state in self.models.items() if set(names) <= set(state))

    async def set(self, comm, **state):
        """Change a widget's state; returns the seconds until Python has echoed or finished it."""
        began = time.perf_counter()
        data = {"method": "update", "state": state, "buffer_paths": []}
        identity = await self.send("comm_msg", {"comm_id": comm, "data": data})
        self.messages.clear()

        def idle():
            for when, _, message in self.messages:
                done = message["content"].get("execution_state") == "idle"
                if done and message["parent_header"].get("msg_id") == identity:
                    return when
            return None

        async with self.heard:
            await asyncio.wait_for(self.heard.wait_for(idle), 60)
        return idle() - began

    async def close(self, goodbye=True):
        """Leave as a page does: the kernel ends."""
        if goodbye:
            leave = HTTPRequest(f"{self.origin}/voila/api/shutdown/{self.kernel}", method="POST", body="")
            await AsyncHTTPClient().fetch(leave, raise_error=False)
        if self.socket is not None:
            self.socket.close()
            await asyncio.wait([self._listening], timeout=5)
