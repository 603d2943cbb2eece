"""Scrapes a status page again and again: `scrape-client.py SOCKET IN_FLIGHT PAGES`, on epoll."""
import select
import socket
import sys

path, in_flight, left = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def record(kind, content=b""):
    return bytes([1, kind, 0, 1]) + len(content).to_bytes(2, "big") + b"\0\0" + content


pairs = [(b"SCRIPT_NAME", b"/status"), (b"SCRIPT_FILENAME", b"/status"),
         (b"QUERY_STRING", b""), (b"REQUEST_METHOD", b"GET")]
params = b"".join(bytes([len(name), len(value)]) + name + value for name, value in pairs)
request = record(1, b"\0\1\0\0\0\0\0\0") + record(4, params) + record(4) + record(5)
epoll, open_sockets = select.epoll(), {}


def start():
    global left
    left -= 1
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(request)
    connection.setblocking(False)
    open_sockets[connection.fileno()] = connection
    epoll.register(connection.fileno(), select.EPOLLIN)


for _ in range(min(in_flight, left)):
    start()
while open_sockets:
    for descriptor, _ in epoll.poll():
        page = open_sockets.pop(descriptor)
        answer = page.recv(65536)
        page.close()
        fields = dict(line.split(":", 1) for line in answer.decode("latin1").split("\n") if ":" in line)
        int(fields.get("total processes", "0"))
        if left > 0:
            start()
