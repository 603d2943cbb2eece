import { runBehaviours } from "./run-behaviours.mjs";

await runBehaviours();
