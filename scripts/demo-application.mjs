// The application of the demo's own pool, which answers like sleep.php and echo.php of the tests.
import { setTimeout as sleep } from "node:timers/promises";

export default async function demoApplication(request, context) {
  const url = new URL(request.url);
  if (url.pathname === "/sleep.php") {
    await sleep(Number(url.searchParams.get("ms")), undefined, { signal: context.signal });
    return new Response("slept\n");
  }
  const body = await request.arrayBuffer();
  return Response.json({ method: request.method, query: url.search, bodyLength: body.byteLength });
}
