"""The base of apps whose work takes seconds or minutes: started, watched live, stopped, taken up again.

A generator does the work in a thread and yields results; the newest one is drawn, about eight times a second at most,
so nothing queues and the kernel goes on answering other apps.
"""

import atexit
import threading
import time
import weakref

import traitlets

from cnnlab.apps.base import App
from cnnlab.apps.turns import my_turn
from cnnlab.widgets.modules import bundle

DRAW_EVERY = 0.12  # seconds
DRAWING_SHARE = 4  # of so many parts of the time, one goes to drawing at most
LONGEST = 0.5  # seconds from a picture that took long to the next one
PATIENCE = 2.0  # seconds without a word from the page, after which the next picture is sent all the same
OUR_FAULT = "This came to grief ({}: {})."

_open = weakref.WeakSet()


class LiveApp(App):
    """An app that works in a thread of the kernel.

    A subclass declares its state and its `controls` as a `KernelApp` does, and two methods or more:

    work(stopped, fresh, **state) : a generator of results, any values. It ends soon after `stopped()` says yes.
        `fresh` is False where it is to go on from where it was stopped.
    draw(result) : {"pictures": {caption: PNG bytes}, "charts": [...], "text": the same in words}, with the charts as
        `Curves.draw` in widgets/js/curves.js takes them, plus "share", how much of the work is done, from 0 to 1, and
        "notice", a sentence that must be seen.

    opening(**state) : a result to draw before anything was started, or None; must be quick.
    forget() : drop what `work` has kept, for Reset.
    views : names of the state that change the drawing alone. They count at once, and `work` does not get them.

    A ValueError from any of them becomes the red sentence, and the last good picture stays. The state that counts is
    that of the start: what is changed while the work goes on counts for the next one.
    """

    views = ()

    _esm = bundle("explorers/live.js")

    label = traitlets.Unicode("Explorer").tag(sync=True)
    controls = traitlets.List().tag(sync=True)
    wish = traitlets.Dict({"what": "", "number": 0}).tag(sync=True)  # the page's last button
    answer = traitlets.Dict({"pictures": {}, "charts": [], "text": ""}).tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    started = traitlets.Dict().tag(sync=True)  # the state that the present work was started with
    shown = traitlets.Int(0).tag(sync=True)  # the number of the answer that the page has drawn

    def __init__(self, **state):
        self._lock = threading.RLock()  # the page's messages and the work come from different threads
        self._stop = threading.Event()
        self._thread = None
        self._newest = None
        self._drawn = 0.0  # when the last picture was sent
        self._forgetting = self._from_page = False
        super().__init__(**state)
        if names := self.state_names():  # no names would mean every trait
            self.observe(lambda change: self._from_page or self._state_changed({change["name"]}), names)
        _open.add(self)
        self._begin_anew()

    def work(self, stopped, fresh, **state):
        """Yield results until the work is done or `stopped()` says yes."""
        raise NotImplementedError

    def draw(self, result):
        """The pictures, charts and words for a result."""
        raise NotImplementedError

    def opening(self, **state):
        """A result to draw before anything was started, or None."""
        return None

    def forget(self):
        """Drop what `work` has kept."""

    @property
    def settings(self):
        """The state that `work` is done with: all but the views."""
        return {name: value for name, value in self.state.items() if name not in self.views}

    # What the buttons do, also from Python.

    def start(self):
        """Begin anew with the present state; does nothing while work is under way."""
        self._begin(fresh=True)

    def go_on(self):
        """Take up what was stopped, with the state that it was started with."""
        if self.progress["phase"] == "stopped":
            self._begin(fresh=False)

    def stop(self):
        """Ask the work to end; it does within a second."""
        self._stop.set()
        if self.is_running:
            self._tell(phase="stopping", text="Stopping …")

    def reset(self):
        """Back to the beginning: the work ends, and what it has done is forgotten."""
        with self._lock:
            if self.is_running:
                self._forgetting = True
                self.stop()
            else:
                self._begin_anew()

    @property
    def is_running(self):
        """Whether work is under way or queued."""
        return self._thread is not None

    def wait(self, timeout=None):
        """Wait for the work to end; returns whether it has."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return not self.is_running

    def close(self):
        """Stop the work and take the app away."""
        self._stop.set()
        super().close()

    def set_state(self, sync_data):
        """Take a message of the page: its settings, then its wish; where a setting is refused nothing starts."""
        with self._lock:
            self._from_page = True
            try:
                super().set_state({name: value for name, value in sync_data.items() if name != "wish"})
            except ValueError as refusal:
                self._tell(refusal=str(refusal))
                return
            finally:
                self._from_page = False
            if changed := set(sync_data) & set(self.state_names()):
                self._state_changed(changed)
            wish = sync_data.get("wish", {})
            if wish:
                self._tell(heard=wish.get("number"), refusal="")
            deeds = {"start": self.start, "stop": self.stop, "go on": self.go_on, "reset": self.reset}
            deeds.get(wish.get("what"), lambda: None)()

    def _state_changed(self, names):
        with self._lock:
            if self.progress["phase"] == "ready":
                self._draw_opening()
            elif names & set(self.views):
                self._drawn = 0.0  # the thread draws the next result at once
                if not self.is_running and self._newest is not None:
                    self._draw_or_refuse(self._newest)

    def _begin_anew(self):
        """As if nothing had been started."""
        self.forget()
        self._newest, self._forgetting = None, False
        self.started = {}
        self.progress = {
            "phase": "ready",
            "text": "",
            "share": 0,
            "refusal": "",
            "heard": self.progress.get("heard", 0),
        }
        self._draw_opening()

    def _draw_opening(self):
        try:
            first = self.opening(**self.settings)
        except ValueError as refusal:
            self._tell(refusal=str(refusal))
        else:
            if first is None:
                self.answer = {"pictures": {}, "charts": [], "text": "", "number": self.answer.get("number", 0) + 1}
            else:
                self._draw_or_refuse(first)

    def _draw_or_refuse(self, result):
        try:
            self._put(self.draw(result))
        except ValueError as refusal:
            self._tell(refusal=str(refusal))
        else:
            self._tell(refusal="")

    def _put(self, drawn):
        """A picture to the page, with a number by which it will say that it has drawn it."""
        drawn.pop("share", None)
        self.answer = {**drawn, "number": self.answer.get("number", 0) + 1}
        self._drawn = time.monotonic()

    def _begin(self, fresh):
        with self._lock:
            if self.is_running:
                return
            self._stop = threading.Event()
            if fresh:
                self.started = self.settings
            self._tell(phase="running", text="Starting …", share=0 if fresh else self.progress["share"], refusal="")
            self._thread = threading.Thread(target=self._run, args=(self._stop, fresh), daemon=True)
            self._thread.start()

    def _run(self, stop, fresh):
        def waiting(place):
            self._tell(phase="queued", text=f"Others are training on this server: place {place} in the queue.")

        ending = {"phase": "failed", "text": ""}
        try:
            with my_turn(stop.is_set, waiting) as mine:
                if mine:
                    self._watch(self.work(stop.is_set, fresh, **self.started), stop)
            stopped = stop.is_set()
            share = {} if stopped else {"share": 1}
            ending = {"phase": "stopped" if stopped else "done", "text": "Stopped." if stopped else "Done.", **share}
        except ValueError as refusal:
            ending["refusal"] = str(refusal)
        except BaseException as fault:  # a fault of ours: the page must not wait for ever, and the fault must be seen
            ending["refusal"] = OUR_FAULT.format(type(fault).__name__, fault)
            raise
        finally:
            with self._lock:
                self._thread = None
                self._tell(**ending)
                if self._forgetting:
                    self._begin_anew()

    def _watch(self, results, stop):
        began, first, due, unseen = time.monotonic(), self.progress["share"], 0.0, False
        for result in results:
            self._newest, unseen = result, True
            now = time.monotonic()
            if not self._drawn or (now >= due and self._page_is_ready(now)):
                self._show(result, now - began, first, stop)
                unseen = False
                then = time.monotonic()
                due = max(now + DRAW_EVERY, then + min((DRAWING_SHARE - 1) * (then - now), LONGEST))
        if unseen and not self._forgetting:
            self._show(self._newest, time.monotonic() - began, first, stop)

    def _page_is_ready(self, now):
        """Whether the page has drawn what it was sent last, or there is none."""
        return self.shown >= self.answer.get("number", 0) or now - self._drawn > PATIENCE

    def _show(self, result, seconds, first, stop):
        """Draw a result, and say how long the rest will take: as long, share for share, as what was done since."""
        drawn = self.draw(result)
        share = drawn.get("share", 0)
        left = seconds * (1 - share) / (share - first) if seconds > 1 and share > first else None
        with self._lock:
            self._put(drawn)
            if not stop.is_set():
                soon = "" if left is None else f", about {left:.0f} s left"
                self._tell(phase="running", share=share, text=f"{share:.0%} done{soon}")

    def _tell(self, **parts):
        with self._lock:
            self.progress = {**self.progress, **parts}


@atexit.register
def _stop_all():
    """A thread that is still at work in torch while Python ends would take the process down with a crash."""
    threads = [thread for app in list(_open) if (thread := app._thread) is not None]
    for app in list(_open):
        app._stop.set()
    for thread in threads:
        thread.join(2)
