// Connections of Deno are pairs of Web Streams.
const options = ({ path, host, port }) =>
  path === undefined ? { hostname: host, port } : { transport: "unix", path };

export const connect = (endpoint) => Deno.connect(options(endpoint));

export async function listen(endpoint, accept) {
  const listener = Deno.listen(options(endpoint));
  (async () => {
    for await (const connection of listener) accept(connection);
  })();
}
