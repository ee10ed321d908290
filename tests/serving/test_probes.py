"""What a curious or hostile visitor may try: nothing leaks, nothing runs, and no kernel is left behind."""

import asyncio
import http.client
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from page_client import Page, packed, unpacked
from tornado.websocket import WebSocketClosedError
from watching import kernels, wait_until

LESSON = "/voila/render/01_trial.ipynb"
SECRETS = ("xyzzy-", "strip_sources", "root:", "[core]", "Traceback", "site-packages")

# Sent as they stand, without the cleaning that browsers do.
TRAVERSAL = [
    "/voila/files/../secret.txt",
    "/voila/files/../voila.json",
    "/voila/files/..%2fvoila.json",
    "/voila/files/%2e%2e/voila.json",
    "/voila/files/%252e%252e/voila.json",
    "/voila/files/..\\voila.json",
    "/voila/files//etc/passwd",
    "/voila/files/pictures/../secret.txt",
    "/voila/files/pictures/dot.png/../../secret.txt",
    "/voila/files/pictures/dot.png%00.txt",
    "/voila/static/../../../../../../../etc/passwd",
    "/voila/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/voila/templates/cnnlab/static/../conf.json",
    "/voila/templates/cnnlab/static/..%2findex.html.j2",
    "/voila/templates/../../../../../../etc/passwd",
    "/voila/templates/cnnlab",
    "/voila/templates/../static/x",
    "/voila/labextensions/../../../../../../etc/passwd",
    "/voila/api/themes/../../../../../etc/passwd",
    "/../voila.json",
    "//etc/passwd",
]
SOURCES = [
    "/voila/files/01_trial.ipynb",
    "/voila/files/secret.txt",
    "/files/01_trial.ipynb",
    "/notebooks/01_trial.ipynb",
    "/edit/01_trial.ipynb",
    "/view/01_trial.ipynb",
    "/nbconvert/html/01_trial.ipynb",
    "/api/contents/01_trial.ipynb",
    "/voila/api/contents/01_trial.ipynb",
    "/voila/tree",
    "/voila/tree/pictures",
    "/lab",
]
UNLISTED = [
    "/voila/render/unlisted.ipynb",
    "/voila/render/./unlisted.ipynb",
    "/voila/render/UNLISTED.IPYNB",
    "/voila/render/../notebooks/01_trial.ipynb",
    "/voila/render/%2e%2e/notebooks/unlisted.ipynb",
    "/voila/render/secret.txt",
    "/voila/render//etc/passwd",
    "/voila/render/",
]
CONFIGURATION = [
    "/voila.json",
    "/voila/files/voila.json",
    "/.git/config",
    "/.env",
    "/api/config/notebook",
    "/api/status",
    "/api/sessions",
    "/api/kernels",
    "/api/kernelspecs",
    "/api/terminals",
    "/metrics",
]
METHODS = [
    ("POST", "/api/kernels"),
    ("POST", LESSON),
    ("PUT", "/voila/files/pictures/dot.png"),
    ("DELETE", "/voila/files/pictures/dot.png"),
    ("POST", "/voila/api/shutdown/00000000-0000-0000-0000-000000000000"),
]
OVERRIDES = ["?template=classic", "?template=unknown", "?template=../../secret", "?theme=dark&show_sources=1"]


@pytest.fixture(scope="module")
def target(server, trial_folder, free_port, tmp_path_factory):
    """A dashboard with secrets all around it, which culls kernels that nobody is connected to."""
    folder = tmp_path_factory.mktemp("target")
    shutil.copytree(trial_folder, folder, dirs_exist_ok=True)
    notebook = nbformat.read(folder / "notebooks/01_trial.ipynb", as_version=4)
    notebook.cells.append(new_code_cell('hidden = "xyzzy-source"  # xyzzy-source'))
    nbformat.write(notebook, folder / "notebooks/01_trial.ipynb")
    unlisted = new_notebook(cells=[new_code_cell("# xyzzy-unlisted")])
    nbformat.write(unlisted, folder / "notebooks/unlisted.ipynb")
    for place in (folder, folder / "notebooks"):
        (place / "secret.txt").write_text("xyzzy-file")
    options = ["--MappingKernelManager.cull_idle_timeout=4", "--MappingKernelManager.cull_interval=1"]
    command = [sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={free_port()}", *options]
    with server(command, folder) as running:
        yield running


def ask(running, path, method="GET", **headers):
    with closing(http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=60)) as connection:
        connection.request(method, path, headers=headers or ({"Content-Length": "0"} if method != "GET" else {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


PROBES = [("GET", path) for path in (*TRAVERSAL, *SOURCES, *UNLISTED, *CONFIGURATION)] + METHODS


def test_refused_requests_leak_nothing_and_start_nothing(target):
    before = len(kernels(target))
    for method, path in PROBES:
        status, text = ask(target, path, method)
        assert status in (400, 403, 404, 405), (method, path, status)
        assert not any(secret in text for secret in SECRETS), (method, path)
    assert len(kernels(target)) == before
    assert "Traceback" not in target.log()


def test_visitors_choose_neither_template_nor_sources(target):
    for query in OVERRIDES:
        status, text = ask(target, LESSON + query)
        assert status == 200 and "lost.js" in text, query
        assert not any(secret in text for secret in SECRETS), query
    wait_until(lambda: not kernels(target), patience=40)


def executing(page, kind="execute_request"):
    code = "open('pwned.txt', 'w').write('yes'); print('xyzzy-ran')"
    return page.message(kind, {"code": code, "silent": False, "store_history": True, "user_expressions": {}})


def hostile_messages(page):
    """Name -> what is put on the websocket."""
    harmless = page.message("kernel_info_request", {})
    twice = packed("shell", executing(page)).replace(
        b'"msg_type": "execute_request"', b'"msg_type": "comm_msg","msg_type":"execute_request"'
    )
    shifted = bytearray(packed("shell", executing(page)))
    shifted[8] += 1  # an offset that is wrong
    return {
        "execute on shell": packed("shell", executing(page)),
        "execute on control": packed("control", executing(page)),
        "execute on stdin": packed("stdin", executing(page)),
        "execute on iopub": packed("iopub", executing(page)),
        "execute on no channel": packed("", executing(page)),
        "two kinds": twice,
        "capitals": packed("shell", executing(page, "Execute_Request")),
        "evaluate": packed("shell", page.message("inspect_request", {"code": "hidden", "cursor_pos": 6})),
        "complete": packed("shell", page.message("complete_request", {"code": "hid", "cursor_pos": 3})),
        "history": packed("shell", page.message("history_request", {"hist_access_type": "tail", "n": 99, "raw": True})),
        "debug": packed("control", page.message("debug_request", {"command": "evaluate"})),
        "interrupt": packed("control", page.message("interrupt_request", {})),
        "shutdown": packed("control", page.message("shutdown_request", {"restart": True})),
        "input": packed("stdin", page.message("input_reply", {"value": "x"})),
        "strange target": packed("shell", page.message("comm_open", {"comm_id": "1", "target_name": "os.system"})),
        "unknown comm": packed("shell", page.message("comm_msg", {"comm_id": "nobody", "data": {}})),
        "harmless, buffers": packed("shell", harmless, [b"\xff" * 1000]),
        "garbage": b"\x00\xff" * 50,
        "empty": b"",
        "huge count": (2**60).to_bytes(8, "little") + b"x" * 50,
        "huge count, older protocol": (2**30).to_bytes(4, "big") + b"x" * 50,
        "wrong offset": bytes(shifted),
        "text": "not JSON",
        "oversized": packed("shell", page.message("comm_msg", {"comm_id": "x" * 11_000_000, "data": {}})),
    }


async def attack(address, folder):
    """Names of the messages after which something was not as it should be."""
    page = await Page.open(address)
    slider = page.widget("value", "twice")
    faults = []
    for name, data in hostile_messages(page).items():
        try:
            await page.socket.write_message(data, binary=isinstance(data, bytes))
            await asyncio.sleep(0.2)
        except WebSocketClosedError:
            pass
        page.socket.close()
        await page.connect()  # the page comes back to a kernel that lives
        await page.set(slider, value=5)
        heard = json.dumps([message for _, _, message in page.messages])
        if "xyzzy" in heard or (folder / "notebooks/pwned.txt").exists():
            faults.append(name)
    page.socket.close()
    await page.connect(subprotocols=())  # the older protocol: JSON
    page._listening.cancel()
    await page.socket.write_message(json.dumps({**executing(page), "channel": "shell", "buffers": []}))
    await asyncio.sleep(1)
    if (folder / "notebooks/pwned.txt").exists():
        faults.append("JSON")
    page.socket.close()
    await asyncio.sleep(0.5)
    return faults


def test_a_page_cannot_execute_code_and_nonsense_does_no_harm(target):
    attacked = attack(target.url.rstrip("/") + LESSON, target.cwd)
    with ThreadPoolExecutor(1) as other:  # in this thread Playwright's own event loop may be running
        assert other.submit(asyncio.run, attacked).result() == []
    wait_until(lambda: not kernels(target), patience=40)


def test_websockets_are_refused_to_strangers(target):
    _, html = ask(target, LESSON)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "eHl6enkteHl6enkteHl6eg=="
    kernel = Page(target.url, html).kernel
    for path, origin, expected in (
        (f"/api/kernels/{kernel}/channels", "http://evil.example", 403),
        (f"/api/kernels/{kernel}/channels", "null", 403),
        ("/api/kernels/00000000-0000-0000-0000-000000000000/channels", target.url.rstrip("/"), 404),
        ("/voila/execution/00000000-0000-0000-0000-000000000000", target.url.rstrip("/"), 404),
    ):
        status, _ = ask(target, path, Origin=origin, **upgrade)
        assert status == expected, (path, origin)
    wait_until(lambda: not kernels(target), patience=40)


def test_messages_come_apart_as_they_were_put_together():
    message = {"header": {"msg_type": "x"}, "parent_header": {}, "metadata": {}, "content": {"a": [1]}}
    assert unpacked(packed("shell", message, [b"1"])) == ("shell", message)


def test_there_are_sixty_probes():
    assert len(PROBES) + len(OVERRIDES) >= 60
