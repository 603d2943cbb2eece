// A Worker: the module of WebAssembly has to be in its bundle as a file.

import { connect } from "cloudflare:sockets";
import { engineChoice } from "fcgi-probe/codec";
import { statusOver } from "fcgi-probe/edge";

export default {
  async fetch() {
    const { pool } = await statusOver(connect({ hostname: "127.0.0.1", port: 9000 }));
    return Response.json({ pool, engine: engineChoice().name });
  },
};
