// Connections of Bun as pairs of Web Streams, by the lines of the example.
import { streamHandlers } from "./bun-streams.ts";

const options = ({ path, host, port }) =>
  path === undefined ? { hostname: host, port } : { unix: path };

export function connect(endpoint) {
  return new Promise((resolve, reject) => {
    const socket = { ...streamHandlers(resolve), connectError: (_, error) => reject(error) };
    Bun.connect({ ...options(endpoint), socket }).catch(reject);
  });
}

export async function listen(endpoint, accept) {
  Bun.listen({ ...options(endpoint), socket: streamHandlers(accept) });
}
