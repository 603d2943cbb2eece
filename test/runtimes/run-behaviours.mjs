// Runs the behaviours wherever it is imported, and reports in one line of JSON.
import { engineChoice } from "fcgi-probe/codec";
import { behaviours } from "./behaviours.mjs";

/** What precedes the report, so that it is found among a runtime's own output. */
const MARK = "fcgi-probe behaviours:";

async function failureOf({ name, run }) {
  try {
    await run();
    return undefined;
  } catch (error) {
    return { name, message: String(error?.message ?? error) };
  }
}

export async function runBehaviours() {
  const failures = [];
  for (const behaviour of behaviours) {
    const failure = await failureOf(behaviour);
    if (failure !== undefined) failures.push(failure);
  }
  const { name: engine } = engineChoice();
  console.log(MARK + JSON.stringify({ engine, total: behaviours.length, failures }));
}
