import { makeFolder, ServerProcess } from "./server-process.js";
import { requireServer } from "./servers.js";

const program = `
import signal, socket, sys, time
listeners = []
def accept(*_):
    for listener in listeners:
        client, _ = listener.accept()
        while client.recv(4096):
            pass
        print("closed", flush=True)
signal.signal(signal.SIGUSR1, accept)
for argument in sys.argv[1:]:
    kind, _, place = argument.partition(" ")
    if kind == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("\\0" + place[1:] if place.startswith("@") else place)
    else:
        host, _, port = place.rpartition(" ")
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.bind((host, int(port)))
    listener.listen(8)
    listeners.append(listener)
print("listening", flush=True)
time.sleep(3600)
`;

/**
 * Listens and accepts nothing, which Node cannot: on `unix PATH`, `unix @NAME` or `tcp HOST PORT`. On
 * SIGUSR1 it accepts one connection, never answers, and prints `closed` when the client leaves.
 */
export async function listenOnly(places: readonly string[]): Promise<ServerProcess> {
  const server = new ServerProcess(
    requireServer("python3"),
    ["-c", program, ...places],
    makeFolder(),
  );
  await server.ready(() => server.output.includes("listening"));
  return server;
}
