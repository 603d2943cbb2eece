import { behaviours } from "../../runtimes/behaviours.mjs";

for (const { run } of behaviours) run();
