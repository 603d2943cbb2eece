import { behaviours } from "./behaviours.mjs";
import { runBehaviours } from "./run-behaviours.mjs";

await runBehaviours(behaviours);
