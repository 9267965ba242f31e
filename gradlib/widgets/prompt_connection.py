"""What a kernel says reaches the browser at once; tools/jupyter tells the server of `make lab` to use this.

A kernel answers a message with three small ones: busy, the answer, idle. A socket holds such a packet back until the
one before it is acknowledged (Nagle's algorithm), and the browser's side acknowledges after up to 40 ms. Everything
that follows the pointer would come so much later.
"""

from __future__ import annotations

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's connection between a browser and a kernel on this machine, without that wait."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
