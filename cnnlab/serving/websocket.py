"""Kernel messages that leave at once."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class NoDelayConnection(ZMQChannelsWebsocketConnection):
    """A kernel websocket with TCP_NODELAY.

    Without it small packets wait up to 40 ms, and a drag shows a third of the pictures.
    """

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
