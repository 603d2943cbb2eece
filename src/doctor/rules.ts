import type { Rule } from "./finding.js";
import { clientsRule } from "./findings/clients.js";
import { configurationRule } from "./findings/configuration.js";
import { frontEndsRule } from "./findings/front-ends.js";
import { holdersRule } from "./findings/holders.js";
import { logsRule } from "./findings/logs.js";
import { memoryRule } from "./findings/memory.js";
import { opcacheRule } from "./findings/opcache.js";
import { pageRule } from "./findings/page.js";
import { queueRule } from "./findings/queue.js";
import { saturationRule } from "./findings/saturation.js";
import { workersRule } from "./findings/workers.js";

/** All rules. Of findings with one severity, those of the first rule come first. */
export const rules: readonly Rule[] = [
  pageRule,
  saturationRule,
  clientsRule,
  queueRule,
  holdersRule,
  frontEndsRule,
  workersRule,
  memoryRule,
  configurationRule,
  opcacheRule,
  logsRule,
];
