"""A connection to the kernel on which no answer waits; by tools/jupyter the server of `make lab` uses it.

A kernel answers a message with three small ones: busy, the answer, idle. A socket holds such a packet back until the
one before it is acknowledged (Nagle's algorithm), and the browser's side acknowledges after up to 40 ms. Everything
that follows the pointer would come so much later.
"""

from __future__ import annotations

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's connection between a browser and a kernel of the server's own, without that wait."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
