"""Kernel messages that leave at once, and messages of the page that are looked at before they are taken apart."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

NO_MESSAGE = 1007  # the websocket's word for data that make no sense


def parts_fit(data, protocol):
    """Whether bytes can hold as many parts as they say; Jupyter itself would count to any number.

    >>> parts_fit((2**60).to_bytes(8, "little"), "v1.kernel.websocket.jupyter.org")
    False
    """
    width, order = (8, "little") if protocol else (4, "big")  # Jupyter's first version of the protocol has no name
    return int.from_bytes(data[:width], order) * width <= len(data)


class NoDelayConnection(ZMQChannelsWebsocketConnection):
    """A kernel websocket with TCP_NODELAY, which hangs up on nonsense.

    Without the former small packets wait up to 40 ms, and a drag shows a third of the pictures. Without the latter one
    message of eight bytes stops the server for everybody.
    """

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()

    def handle_incoming_message(self, incoming_msg):
        if isinstance(incoming_msg, bytes) and not parts_fit(incoming_msg, self.subprotocol):
            self.websocket_handler.close(NO_MESSAGE)
            return
        try:
            super().handle_incoming_message(incoming_msg)
        except (ValueError, LookupError, TypeError, AssertionError) as fault:
            self.log.warning("A message that is none: %s", type(fault).__name__)
            self.websocket_handler.close(NO_MESSAGE)
