/** The small handler of every row: tells what it was asked for. */
export default function handler(request) {
  return new Response(`${request.method} ${request.url}\n`, {
    headers: { "content-type": "text/plain" },
  });
}
