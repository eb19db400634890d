"""Runs a command in a new network namespace, with loopback up: servers of one machine need it.

`unshare --net python loopback_only.py COMMAND…`. Not a test.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1


def bring_up_loopback() -> None:
    """What `ip link set lo up` does; iproute2 is not on every machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack("16xH14x", fcntl.ioctl(door, SIOCGIFFLAGS, request))
        fcntl.ioctl(door, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    bring_up_loopback()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the caller gives the words, no shell
