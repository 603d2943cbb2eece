import { spawn } from "node:child_process";
import { join } from "node:path";
import { makeFolder, until } from "../harness/server-process.js";

/** A receiver of datagrams, which Node has not. It writes each to its output. */
const receiver = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True: print(repr(s.recv(4096).decode()), flush=True)
`;

/** What systemd would be told. */
export interface NotifyReceiver extends AsyncDisposable {
  /** For `NOTIFY_SOCKET`. */
  readonly path: string;
  readonly received: string;
  /** Waits for a text. */
  receives(text: RegExp): Promise<void>;
}

/** Listens for what services tell systemd. */
export async function startNotifyReceiver(): Promise<NotifyReceiver> {
  const path = join(makeFolder(), "notify.sock");
  const child = spawn("python3", ["-c", receiver, path], { stdio: ["ignore", "pipe", "inherit"] });
  let received = "";
  child.stdout.on("data", (data) => {
    received += data;
  });
  const receives = (text: RegExp) =>
    until(
      () => text.test(received),
      () => `${text} was not received:\n${received}`,
    );
  await receives(/bound/);
  return {
    path,
    get received() {
      return received;
    },
    receives,
    [Symbol.asyncDispose]: async () => void child.kill("SIGKILL"),
  };
}
