"""The base of apps whose work takes seconds or minutes: started, watched live, stopped, taken up again.

A generator does the work in a thread and yields results; the newest one is drawn, about eight times a second at most,
so nothing queues and the kernel goes on answering other apps.
"""

import threading
import time

import traitlets

from cnnlab.apps.base import App
from cnnlab.apps.turns import my_turn
from cnnlab.widgets.modules import bundle

DRAW_EVERY = 0.12  # seconds


class LiveApp(App):
    """An app that works in a thread of the kernel.

    A subclass declares its state and its `controls` as a `KernelApp` does, and two methods:

    work(stopped, fresh, **state) : a generator of results, any values. It ends soon after `stopped()` says yes.
        `fresh` is False where it is to go on from where it was stopped.
    draw(result) : {"pictures": {caption: PNG bytes}, "charts": [...], "text": the same in words}, with the charts as
        `Curves.draw` in widgets/js/curves.js takes them, plus "share", how much of the work is done, from 0 to 1.

    A ValueError from `work` becomes the red sentence, and the last good picture stays. The state that counts is that of
    the start: what is changed while the work goes on counts for the next one.
    """

    _esm = bundle("explorers/live.js")

    label = traitlets.Unicode("Explorer").tag(sync=True)
    controls = traitlets.List().tag(sync=True)
    wish = traitlets.Dict({"what": "", "number": 0}).tag(sync=True)  # the page's last button
    answer = traitlets.Dict({"pictures": {}, "charts": [], "text": ""}).tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)

    def __init__(self, **state):
        self._lock = threading.RLock()  # the page's messages and the work come from different threads
        self._stop = threading.Event()
        self._thread = None
        self._started = {}
        super().__init__(**state)
        self.progress = {"phase": "ready", "text": "", "share": 0, "refusal": "", "heard": 0}
        self.observe(self._wished, "wish")

    def work(self, stopped, fresh, **state):
        """Yield results until the work is done or `stopped()` says yes."""
        raise NotImplementedError

    def draw(self, result):
        """The pictures, charts and words for a result."""
        raise NotImplementedError

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

    @property
    def is_running(self):
        """Whether work is under way or queued."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout=None):
        """Wait for the work to end; returns whether it has."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.is_running

    def close(self):
        """Stop the work and take the app away."""
        self._stop.set()
        super().close()

    def set_state(self, sync_data):
        with self._lock:
            super().set_state(sync_data)

    def _wished(self, change):
        wish = change["new"]
        self._tell(heard=wish.get("number"))
        {"start": self.start, "stop": self.stop, "go on": self.go_on}.get(wish.get("what"), lambda: None)()

    def _begin(self, fresh):
        if self.is_running:
            return
        self._stop = threading.Event()
        if fresh:
            self._started = self.state
        self._tell(phase="running", text="Starting …", share=0 if fresh else self.progress["share"], refusal="")
        self._thread = threading.Thread(target=self._run, args=(self._stop, fresh), daemon=True)
        self._thread.start()

    def _run(self, stop, fresh):
        def waiting(place):
            self._tell(phase="queued", text=f"Others are training on this server: place {place} in the queue.")

        try:
            with my_turn(stop.is_set, waiting) as mine:
                if mine:
                    self._watch(self.work(stop.is_set, fresh, **self._started))
        except ValueError as refusal:
            self._tell(phase="failed", text="", refusal=str(refusal))
        except BaseException as fault:  # a fault of ours: the page must not wait for ever, and the fault must be seen
            self._tell(phase="failed", text="", refusal=f"This came to grief ({type(fault).__name__}: {fault}).")
            raise
        else:
            stopped = stop.is_set()
            share = self.progress["share"] if stopped else 1
            self._tell(phase="stopped" if stopped else "done", text="Stopped." if stopped else "Done.", share=share)

    def _watch(self, results):
        began, drawn, newest, unseen = time.monotonic(), 0.0, None, False
        for newest in results:
            unseen = True
            now = time.monotonic()
            if now - drawn >= DRAW_EVERY:
                self._show(newest, now - began)
                drawn, unseen = time.monotonic(), False
        if unseen:
            self._show(newest, time.monotonic() - began)

    def _show(self, result, seconds):
        drawn = self.draw(result)
        share = drawn.pop("share", 0)
        with self._lock:
            self.answer = drawn
            if self.progress["phase"] != "stopping":
                self._tell(phase="running", share=share, text=f"{share:.0%} done, {seconds:.0f} s")

    def _tell(self, **parts):
        with self._lock:
            self.progress = {**self.progress, **parts}
