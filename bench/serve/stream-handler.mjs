const CHUNK = new Uint8Array(65_536).fill(97);

/** Sends 1 GB, as fast as the client reads it. */
export default function handler() {
  let left = 2 ** 30 / CHUNK.length;
  const body = new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(CHUNK);
      else controller.close();
    },
  });
  return new Response(body);
}
