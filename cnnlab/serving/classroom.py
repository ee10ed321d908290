"""Kernels for a class: so many and no more, each with its share of memory and threads."""

import os

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Int

try:
    import resource
except ImportError:  # Windows
    resource = None

# What numerical libraries read when they are first imported.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class FullClassError(HTTPError):
    """Every seat is taken."""

    def __init__(self):
        super().__init__(503, "every seat is taken")


class Classroom(AsyncMappingKernelManager):
    """Starts a kernel for a student while there are seats.

    The limit on memory is on what a process may write to (RLIMIT_DATA, Linux only). Too much of it raises MemoryError
    in the student's kernel, or RuntimeError in torch; the app says so, and nobody else notices. The usual limit on
    addresses would not do: torch reserves many times what it uses.
    """

    seats = Int(40, min=1, config=True, help="How many kernels may live at once")
    memory = Int(2048, min=0, config=True, help="MiB that each kernel may fill; 0: no limit")
    threads = Int(0, min=0, config=True, help="Threads of each kernel's numerical libraries; 0: as these think best")
    trainings = Int(2, min=0, config=True, help="Trainings at once on the whole server; 0: no limit")

    def __init__(self, **settings):
        super().__init__(**settings)
        self._arriving = set()

    @property
    def taken(self):
        """How many seats are taken, by kernels that live or are about to."""
        return len(self._arriving.union(self._kernels))

    async def _async_start_kernel(self, *, kernel_id=None, **options):
        if self.taken >= self.seats:
            raise FullClassError
        kernel_id = kernel_id or self.new_kernel_id(**options)
        self._arriving.add(kernel_id)
        try:
            options["env"] = self._environment(options.get("env") or os.environ)
            await super()._async_start_kernel(kernel_id=kernel_id, **options)
        finally:
            self._arriving.discard(kernel_id)
        self._limit_memory(kernel_id)
        return kernel_id

    start_kernel = _async_start_kernel  # as in the base class, which hands out the one under both names

    def _environment(self, environment):
        wanted = dict.fromkeys(THREADS, str(self.threads)) if self.threads else {}
        if self.trainings:
            wanted["CNNLAB_TRAININGS"] = str(self.trainings)
        return {**environment, **wanted}

    def _limit_memory(self, kernel_id):
        if self.memory and hasattr(resource, "prlimit"):
            bytes_ = self.memory * 2**20
            resource.prlimit(self.get_kernel(kernel_id).provisioner.pid, resource.RLIMIT_DATA, (bytes_, bytes_))
