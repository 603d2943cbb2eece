/** The small handler of every row: answers with the request's method and URL. */
export default function handler(request) {
  return new Response(`${request.method} ${request.url}\n`, {
    headers: { "content-type": "text/plain" },
  });
}
