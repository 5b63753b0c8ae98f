"""A worker of the pool: `python -m schemalm.engines.worker DESCRIPTOR` answers the requests of that connection.

It ends as soon as the connection is closed, even during work, because then its pool is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from queue import SimpleQueue

from schemalm.engines.messages import Worker

Requests = SimpleQueue[tuple[bytes, bytes]]  # a task with an item


def main() -> None:
    """Answer requests until the other side closes the connection."""
    connection: Connection[bytes, tuple[bytes, bytes]] = Connection(int(sys.argv[1]))
    requests: Requests = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, requests), daemon=True).start()
    worker = Worker()
    while True:
        connection.send_bytes(worker.answer(*requests.get()))


def _receive(connection: Connection[bytes, tuple[bytes, bytes]], requests: Requests) -> None:
    """Pass on each request; end the process when no more can arrive."""
    try:
        while True:
            requests.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)


if __name__ == "__main__":
    main()
