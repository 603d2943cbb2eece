// The edge door against real servers, which world.json names.
import { edgeBehaviours } from "./edge-behaviours.mjs";
import { runBehaviours } from "./run-behaviours.mjs";
import { connect } from "./sockets.mjs";
import world from "./world.json" with { type: "json" };

const { tcp, unix, closed } = world.endpoints;
await runBehaviours(
  edgeBehaviours(world, {
    tcp: () => connect(tcp),
    unix: () => connect(unix),
    closed: () => connect(closed),
  }),
);
