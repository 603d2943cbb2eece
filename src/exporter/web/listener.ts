import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Runs a Fetch handler behind Node's HTTP server. */
export function listenHttp(
  handler: (request: Request) => Promise<Response>,
  listen: { host: string | undefined; port: number },
): Promise<Server> {
  const server = createServer((request, response) => void answer(handler, request, response));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen, () => resolve(server));
  });
}

async function answer(
  handler: (request: Request) => Promise<Response>,
  { url = "/", method = "GET", headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = new Request(new URL(url, `http://${headers.host ?? "localhost"}`), {
    method,
    headers: headers as Record<string, string>,
  });
  const { status, headers: fields, body } = await handler(request);
  response.writeHead(status, Object.fromEntries(fields));
  for await (const chunk of body ?? []) response.write(chunk);
  response.end();
}
