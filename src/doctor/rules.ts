import type { Rule } from "./finding.js";
import { saturationRule } from "./findings/saturation.js";

/** All rules. */
export const rules: readonly Rule[] = [saturationRule];
