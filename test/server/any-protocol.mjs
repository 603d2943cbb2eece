// One handler for every protocol: it describes its request, or answers as its path says.
const MEGABYTE = 1_048_576;

async function described(request, { variables, role }) {
  const body = new Uint8Array(await request.arrayBuffer());
  const named = ["REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "HTTP_X_FIELD"];
  return Response.json({
    method: request.method,
    url: request.url,
    field: request.headers.get("x-field"),
    cookie: request.headers.get("cookie"),
    length: body.length,
    sum: body.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7),
    role,
    variables: named.map((name) => variables.get(name) || null),
    // SCGI sends 0 where the other protocols send nothing.
    contentLength: variables.get("CONTENT_LENGTH") || "0",
  });
}

function broken() {
  let pieces = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (pieces++ > 3) throw new Error("no more");
      controller.enqueue(new Uint8Array(1_000));
    },
  });
  return new Response(body, { headers: { "content-length": "10000" } });
}

function streamed() {
  let left = 4;
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(MEGABYTE).fill(left));
      if (--left === 0) controller.close();
    },
  });
  return new Response(body);
}

function cookies() {
  const response = new Response("cookies", { headers: { "x-latin": "caf\xe9" } });
  response.headers.append("set-cookie", "a=1; Path=/");
  response.headers.append("set-cookie", "b=2");
  return response;
}

export default async function handle(request, context) {
  switch (new URL(request.url).pathname) {
    case "/protocol":
      return new Response(context.protocol);
    case "/status":
      return new Response("made", { status: 201, statusText: "Made" });
    case "/nothing":
      return new Response(null, { status: 204 });
    case "/unchanged":
      return new Response(null, { status: 304, headers: { etag: '"1"' } });
    case "/elsewhere":
      return new Response(null, { status: 302, headers: { location: "/there?a=b" } });
    case "/cookies":
      return cookies();
    case "/streamed":
      return streamed();
    case "/throw":
      throw new Error("the secret");
    case "/broken":
      return broken();
    default:
      return described(request, context);
  }
}
