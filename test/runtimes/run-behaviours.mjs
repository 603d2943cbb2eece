// Runs behaviours wherever it is imported, and reports in one line of JSON.
import { engineChoice } from "fcgi-probe/codec";

/** What precedes the report, so that it is found among a runtime's own output. */
const MARK = "fcgi-probe behaviours:";

async function failureOf({ run }) {
  try {
    await run();
    return undefined;
  } catch (error) {
    return String(error?.message ?? error);
  }
}

/** Each behaviour has a `feature`, which is a row of docs/runtimes.md, a `name`, and `run`. */
export async function runBehaviours(behaviours) {
  const results = [];
  for (const behaviour of behaviours) {
    const { feature, name } = behaviour;
    results.push({ feature, name, failure: await failureOf(behaviour) });
  }
  const { name: engine } = engineChoice();
  console.log(MARK + JSON.stringify({ engine, results }));
}
