import { runBehaviours } from "./run-behaviours.mjs";

// `workerd test` calls this. The engine is made inside a request, as Workers demand of I/O.
export default { test: runBehaviours };
