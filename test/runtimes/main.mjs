import { behaviours } from "./behaviours.mjs";
import { memoryBehaviours } from "./memory-behaviours.mjs";
import { runBehaviours } from "./run-behaviours.mjs";

await runBehaviours([...behaviours, ...memoryBehaviours]);
