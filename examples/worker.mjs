// A Worker that reads the status of a PHP-FPM pool and answers it as JSON. Cloudflare's Workers
// connect over TCP; POOL is `hostname:port`. In workerd, the binding PHP may be an external service
// with `tcp`, also at a unix socket, which is used instead.
//
//   npm install fcgi-probe esbuild workerd
//   npx esbuild worker.mjs --bundle --format=esm --conditions=workerd --external:cloudflare:sockets \
//     --loader:.wasm=copy '--asset-names=[name]' --outfile=built/worker.mjs
//   npx workerd serve worker.capnp      # the file is in docs/edge.md
import { connect } from "cloudflare:sockets";
import { GatewayError, statusOver } from "fcgi-probe/edge";

export default {
  async fetch(_request, { POOL, PHP }) {
    const socket = PHP === undefined ? connect(POOL) : PHP.connect("php-fpm:9000");
    try {
      const { pool, activeProcesses, totalProcesses, listenQueue } = await statusOver(socket, {
        timeout: 2_000,
      });
      return Response.json({ pool, activeProcesses, totalProcesses, listenQueue });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return Response.json({ error: error.code, hint: error.hint }, { status: 502 });
    }
  },
};
