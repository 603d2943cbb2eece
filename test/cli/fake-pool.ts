import { afterEach } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import {
  answering,
  type FakeServer,
  type Script,
  startFakeServer,
} from "../harness/fake-server.js";

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

/** Starts a peer that runs a script until the test ends. Returns the address of its status page. */
export async function start(script: Script): Promise<string> {
  const server = await startFakeServer(script, { listen: "tcp" });
  servers.push(server);
  return `${server.address}/status`;
}

/** A FastCGI response with this STDOUT, STDERR and appStatus. */
export function answer(stdout: string, { stderr = "", appStatus = 0 } = {}): Script {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return answering(
    Buffer.concat([
      ...(stderr === "" ? [] : [encodeRecord(RecordType.Stderr, 1, bytes(stderr))]),
      encodeRecord(RecordType.Stdout, 1, bytes(stdout)),
      encodeEndRequest(1, appStatus, 0),
    ]),
  );
}

/** The status page of {@link goodPool}. */
export const page = [
  "pool:                 www",
  "process manager:      static",
  "start time:           15/Aug/2018:14:29:57 +0200",
  "start since:          60",
  "accepted conn:        7",
  "listen queue:         3",
  "max listen queue:     5",
  "listen queue len:     128",
  "idle processes:       0",
  "active processes:     4",
  "total processes:      4",
  "max active processes: 4",
  "max children reached: 0",
  "slow requests:        0",
  "",
].join("\n");
export const goodPool = answer(`Content-Type: text/plain\r\n\r\n${page}`);
