import { connect } from "cloudflare:sockets";
import { behaviours } from "./behaviours.mjs";
import { edgeBehaviours } from "./edge-behaviours.mjs";
import { memoryBehaviours } from "./memory-behaviours.mjs";
import { runBehaviours } from "./run-behaviours.mjs";
import world from "./world.json";

const { tcp, closed } = world.endpoints;

// `workerd test` calls this. The engine is made inside a request, as Workers demand of I/O.
export default {
  test(_controller, { PHP }) {
    const edge = edgeBehaviours(world, {
      tcp: () => connect({ hostname: tcp.host, port: tcp.port }),
      unix: () => PHP.connect("php-fpm:9000"),
      closed: () => connect({ hostname: closed.host, port: closed.port }),
    });
    return runBehaviours([...behaviours, ...memoryBehaviours, ...edge]);
  },
};
