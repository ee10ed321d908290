"""The dashboard: Voila with the gallery as its home page, serving the lessons and nothing else.

`python -m cnnlab.serving.dashboard [--port=8866]`, from the folder of voila.json, which holds all settings.
"""

import logging
import os
import re
import signal
from pathlib import Path

import jinja2
import zmq
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import AllowListFileHandler, TemplateStaticFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from cnnlab.serving import gallery
from cnnlab.serving.classroom import FullClassError

DATA = Path(__file__).parent / "data"  # laid out as share/jupyter
RETRY = 30  # seconds after which a student who found the class full is asked to try again
FROM_THE_PAGE = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]


class HomeHandler(JupyterHandler):
    """The gallery: a plain page, so that opening the dashboard starts no kernel."""

    def initialize(self, folder):
        self.folder = folder

    @authenticated
    def get(self):
        link = url_path_join(self.base_url, "voila/render/{name}.ipynb")
        pictures = url_path_join(self.base_url, "voila/files/")
        self.finish(gallery.page(gallery.lessons(self.folder), link, pictures))


class LessonHandler(TornadoVoilaHandler):
    """A lesson of the gallery; every other path is refused before a kernel starts."""

    def initialize(self, folder, **settings):
        super().initialize(**settings)
        self.folder = folder

    @authenticated
    async def get(self, path=None):
        if path == "index.ipynb":
            self.redirect(self.base_url)
            return
        if path not in {lesson.file for lesson in gallery.lessons(self.folder)}:
            raise HTTPError(404, "no such lesson")
        try:
            await super().get(path)
        except FullClassError:  # nothing has been written yet
            self.set_status(503)
            self.set_header("Retry-After", str(RETRY))
            self.finish(self.render_template("full.html", retry=RETRY, seats=self.kernel_manager.seats))


class PictureHandler(JupyterHandler, AllowListFileHandler):
    """Pictures beside the lessons, for those who may see the lessons."""

    @authenticated
    async def get(self, path, include_body=True):
        await AllowListFileHandler.get(self, path, include_body)


class TemplateHandler(TemplateStaticFileHandler):
    """The template's scripts and styles. Voila's own handler stumbles over addresses of another form."""

    def parse_url_path(self, url_path):
        if not re.fullmatch(r"[\w-]+/static/[\w./-]+", url_path) or ".." in url_path:
            raise HTTPError(404)
        return super().parse_url_path(url_path)


class GoodbyeHandler(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is left. Voila's own page cannot say goodbye: it sends no XSRF token."""

    def check_xsrf_cookie(self):
        """Let it pass: who knows the kernel's random name has the page."""


class Dashboard(Voila):
    """Voila with our handlers, the next free port, and a plain word about where it is."""

    def initialize(self, argv=None):
        # By the environment, because other users of the machine can read a command line. Kernels do not inherit it.
        token = os.environ.pop("CNNLAB_TOKEN", None)
        super().initialize(argv)
        if token:
            self.token = token
        elif token is not None:
            self.auto_token = True  # invented, and part of the address that is printed

    def init_settings(self):
        # Jupyter counts pings in milliseconds, Tornado in seconds, and warns of it on every connection.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        if zmq.has("curve"):  # otherwise every kernel warns that its messages are not encrypted
            self.config.KernelManager.transport_encryption = "auto"
        settings = super().init_settings()
        # Widgets' messages and nothing else: a page executes no code of its own and ends no kernel by message.
        self.kernel_manager.allowed_message_types = FROM_THE_PAGE
        # Jupyter's own page of errors wants settings that Voila lacks: ours everywhere.
        jupyters = settings["jinja2_env"]
        jupyters.loader = jinja2.ChoiceLoader([settings["voila_jinja2_env"].loader, jupyters.loader])
        return settings

    def init_handlers(self):
        handlers = [(url_path_join(self.server_url, "/"), HomeHandler, {"folder": self.root_dir})]
        for route in super().init_handlers():
            pattern, handler, *settings = route
            if handler is TornadoVoilaHandler:
                handlers.append((pattern, LessonHandler, {**settings[0], "folder": self.root_dir}))
            elif handler is VoilaShutdownKernelHandler:
                handlers.append((pattern, GoodbyeHandler))
            elif handler is TemplateStaticFileHandler:
                handlers.append((pattern, TemplateHandler))
            elif handler is AllowListFileHandler:
                handlers.append((pattern, PictureHandler, *settings))
            elif handler not in (TornadoVoilaTreeHandler, VoilaContentsHandler):
                handlers.append(route)
        return handlers

    def random_ports(self, port, n):
        return range(port, port + n)

    def listen(self):
        signal.signal(signal.SIGINT, self._handle_signal_stop)
        IOLoop.current().add_callback(self.announce)  # runs once the port is open
        super().listen()

    def announce(self):
        print(f"cnnlab is at {self.display_url} — stop with Ctrl-C", flush=True)


def main(argv=None):
    # The template of the source tree comes before an installed copy of it.
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(DATA), os.environ.get("JUPYTER_PATH")]))
    Dashboard.launch_instance(argv)


if __name__ == "__main__":
    main()
