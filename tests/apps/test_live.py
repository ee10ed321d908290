"""Work in a thread: watched, stopped within a second, taken up again, one after the other on a server."""

import subprocess
import sys
import threading
import time

import pytest
import traitlets

from cnnlab.apps import turns
from cnnlab.apps.live import LiveApp
from cnnlab.core import checks


class Counting(LiveApp):
    """Counts to `goal`, a number every 20 ms."""

    goal = traitlets.Any(20).tag(sync=True, state=True)
    shade = traitlets.Any(0).tag(sync=True, state=True)
    views = ("shade",)
    drawings = 0

    @traitlets.validate("goal")
    def _one_or_more(self, proposal):
        return checks.integer("goal", proposal["value"], 1)

    def opening(self, *, goal):
        return 0

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
        self.drawings += 1
        return {
            "pictures": {"Number": str(result).encode()},
            "charts": [],
            "text": f"at {result}" + f", shade {self.shade}" * bool(self.shade),
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


def test_it_opens_on_the_settings_and_reset_comes_back_to_them(app):
    assert (app.answer["text"], app.progress["phase"], app.started) == ("at 0", "ready", {})
    app.start()
    app.wait(5)
    assert app.started == {"goal": 20}
    app.reset()
    assert (app.answer["text"], app.progress["phase"], app.started) == ("at 0", "ready", {})
    app.goal = 10_000
    app.start()
    until(lambda: app.answer["text"] != "at 0")
    app.reset()
    assert app.wait(1)
    assert (app.answer["text"], app.progress["phase"], app.progress["share"]) == ("at 0", "ready", 0)


def test_a_page_that_is_behind_gets_no_more_until_it_has_drawn(app):
    app.goal = 10_000
    app.set_state({"shown": app.answer["number"]})
    app.start()
    until(lambda: app.answer["text"] != "at 0")
    number = app.answer["number"]
    time.sleep(0.5)
    assert app.answer["number"] == number
    app.set_state({"shown": number})
    until(lambda: app.answer["number"] == number + 1)


def test_what_changes_the_view_alone_counts_at_once(app):
    app.goal = 10_000
    app.start()
    app.shade = 5
    until(lambda: app.answer["text"].endswith("shade 5"))
    assert app.is_running
    app.stop()
    app.wait(1)
    app.shade = 6
    assert app.answer["text"] == f"at {app.number}, shade 6"


def test_settings_that_are_refused_start_nothing(app):
    app.set_state({"goal": 0, "wish": {"what": "start", "number": 1}})
    assert app.progress["refusal"].startswith("goal=0: must be 1 or more")
    assert (app.progress["phase"], app.goal) == ("ready", 20)
    app.set_state({"goal": 2, "wish": {"what": "start", "number": 2}})
    assert app.wait(5)
    assert (app.progress["refusal"], app.answer["text"]) == ("", "at 2")


def test_the_remaining_time_is_told(app):
    app.goal = 10_000
    app.start()
    until(lambda: "s left" in app.progress["text"])
    seconds = int(app.progress["text"].split("about ")[1].split()[0])
    assert 150 < seconds < 2_000, "ten thousand numbers, one every 20 ms and more"


def test_a_kernel_that_ends_in_the_middle_ends_quietly():
    code = """
import time, torch
from cnnlab.apps.live import LiveApp

class Busy(LiveApp):
    def work(self, stopped, fresh):
        x = torch.ones(200, 200)
        while not stopped():
            x = (x @ x) / 200
            yield 1

    def draw(self, result):
        return {"pictures": {}, "charts": [], "text": "busy"}

app = Busy()
app.start()
time.sleep(0.3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


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


def test_nonsense_in_the_environment_is_a_red_sentence(app, monkeypatch):
    monkeypatch.setenv("CNNLAB_TRAININGS", "two")
    app.start()
    assert app.wait(5)
    assert app.progress["refusal"].startswith("CNNLAB_TRAININGS=two: must be a whole number")


def test_where_no_lock_can_be_kept_nobody_waits(server, monkeypatch, tmp_path):
    monkeypatch.setattr(turns.tempfile, "gettempdir", lambda: str(tmp_path / "not" / "there"))
    apps = [Counting(goal=10_000), Counting(goal=10_000)]
    for app in apps:
        app.start()
    until(lambda: all(hasattr(app, "number") for app in apps))
    for app in apps:
        app.close()
        assert app.wait(2)
