"""Work in a thread: watched, stopped within a second, taken up again, one after the other on a server."""

import subprocess
import sys
import threading
import time

import pytest
import traitlets

from cnnlab.apps import turns
from cnnlab.apps.live import LiveApp


class Counting(LiveApp):
    """Counts to `goal`, a number every 20 ms."""

    goal = traitlets.Any(20).tag(sync=True, state=True)

    def work(self, stopped, fresh, *, goal):
        if goal == 13:
            raise ValueError("goal=13: must be another number")
        if goal == 14:
            raise RuntimeError("a fault of ours")
        self.number = 0 if fresh else self.number
        while self.number < goal and not stopped():
            self.number += 1
            time.sleep(0.02)
            yield self.number

    def draw(self, result):
        self.drawings = getattr(self, "drawings", 0) + 1
        return {
            "pictures": {"Number": str(result).encode()},
            "charts": [],
            "text": f"at {result}",
            "share": result / self.goal,
        }


def until(happened, patience=5):
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def app(monkeypatch):
    monkeypatch.delenv("CNNLAB_TRAININGS", raising=False)
    app = Counting()
    yield app
    app.close()
    assert app.wait(2)


def test_nothing_works_before_it_is_started(app):
    assert app.progress["phase"] == "ready"
    assert not app.is_running
    app.stop()
    app.go_on()
    assert app.progress["phase"] == "ready"


def test_the_last_result_is_drawn_and_not_every_one(app):
    app.start()
    assert app.wait(5)
    assert (app.answer["text"], app.progress["phase"], app.progress["share"]) == ("at 20", "done", 1)
    assert app.drawings < 12


def test_stop_and_go_on(app):
    app.goal = 200
    app.start()
    time.sleep(0.3)
    asked = time.monotonic()
    app.stop()
    assert app.wait(1), "not stopped within a second"
    assert time.monotonic() - asked < 1
    reached = app.number
    assert (app.progress["phase"], app.answer["text"]) == ("stopped", f"at {reached}")
    app.goal = reached + 3  # counts for the next start alone
    app.go_on()
    time.sleep(0.3)
    app.stop()
    app.wait(1)
    assert app.number > reached + 3
    app.start()
    assert app.wait(5)
    assert app.number == reached + 3


def test_the_pages_buttons(app):
    app.set_state({"wish": {"what": "start", "number": 1}})
    assert app.progress["heard"] == 1
    app.set_state({"wish": {"what": "start", "number": 2}})  # a second one changes nothing
    assert app.wait(5)
    assert app.progress["phase"] == "done"
    app.set_state({"wish": {"what": "nonsense", "number": 3}})
    assert app.progress["heard"] == 3


def test_a_refusal_keeps_the_last_good_picture(app):
    app.start()
    app.wait(5)
    app.goal = 13
    app.start()
    app.wait(5)
    assert (app.progress["phase"], app.progress["refusal"]) == ("failed", "goal=13: must be another number")
    assert app.answer["text"] == "at 20"
    app.goal = 2
    app.start()
    app.wait(5)
    assert (app.progress["phase"], app.progress["refusal"]) == ("done", "")


def test_a_fault_of_ours_is_seen(app, monkeypatch):
    seen = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    app.goal = 14
    app.start()
    app.wait(5)
    assert "a fault of ours" in app.progress["refusal"]
    assert seen[0].exc_type is RuntimeError


def test_closing_stops_the_work():
    app = Counting(goal=10_000)
    app.start()
    app.close()
    assert app.wait(1)


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_TRAININGS", "1")
    monkeypatch.setattr(turns.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path


def test_one_at_a_time_and_in_order(server):
    first, second, third = apps = [Counting(goal=10_000), Counting(), Counting()]
    for app in apps:
        app.start()
        until(lambda app=app: app.progress["phase"] in ("running", "queued") and app.progress["text"] != "Starting …")
    assert [app.progress["phase"] for app in apps] == ["running", "queued", "queued"]
    assert "place 1 in" in second.progress["text"]
    assert "place 2 in" in third.progress["text"]
    second.stop()
    assert second.wait(2)
    assert second.progress["phase"] == "stopped"
    first.stop()
    assert first.wait(2)
    assert third.wait(5)
    assert third.number == 20
    assert not list(server.rglob("ticket-*")), "a ticket was left"
    for app in apps:
        app.close()


HOLD = """
import sys, tempfile, time
tempfile.gettempdir = lambda: sys.argv[1]
from cnnlab.apps.turns import my_turn
with my_turn(lambda: False, lambda place: print("waiting", flush=True)) as mine:
    print("mine", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_frees_its_place_and_its_ticket(server):
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLD, str(server)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    words = [holder.stdout.readline().strip() for holder in holders]
    assert sorted(words) == ["mine", "waiting"]
    app = Counting(goal=3)
    app.start()
    until(lambda: "place 2" in app.progress["text"])
    for holder in holders:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    assert app.wait(5)
    assert app.progress["phase"] == "done"
    app.close()
