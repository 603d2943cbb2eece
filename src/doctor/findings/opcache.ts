import type { Evidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeOf, type Rule } from "../finding.js";
import { many, sizeText } from "../words.js";

/** The part of a table or a memory from which it is full. */
const FULL = 0.95;

/** OPcache, by the script that the operator has installed. */
export const opcacheRule: Rule = {
  codes: {
    opcache_full: "OPcache has no room for more scripts: they are compiled at each request.",
    opcache_restarts: "OPcache was full and has emptied itself.",
    opcache_off: "OPcache is off: every request compiles its scripts.",
  },
  find: (evidence) => {
    const { opcache } = evidence;
    if (opcache === undefined) return [];
    if (opcache.opcache_enabled !== 1) return [off(evidence)];
    return [...full(evidence), ...restarts(evidence)];
  },
};

function off(evidence: Evidence): Finding {
  return {
    code: "opcache_off",
    severity: FindingSeverity.Warning,
    title: "OPcache is off, or does not let the script ask",
    evidence: ["the script says opcache_enabled 0"],
    change: "set opcache.enable = 1 in php.ini; or let opcache.restrict_api admit the script",
    ...placeOf(evidence, "php_admin_value[opcache.enable]"),
  };
}

function full(evidence: Evidence): Finding[] {
  const {
    opcache_full: isFull,
    opcache_keys: keys,
    opcache_keys_limit: limit,
    opcache_memory_used_bytes: used = 0,
    opcache_memory_free_bytes: free,
    opcache_memory_wasted_bytes: wasted = 0,
    opcache_strings_used_bytes: strings = 0,
    opcache_strings_free_bytes: stringsFree,
  } = evidence.opcache ?? {};
  const reasons: { text: string; directive: string }[] = [];
  const all = used + wasted + (free ?? Number.NaN);
  if ((used + wasted) / all >= FULL) {
    const text = `${sizeText(used)} of ${sizeText(all)} are used, ${sizeText(wasted)} are wasted`;
    reasons.push({ text, directive: "opcache.memory_consumption" });
  }
  if (keys !== undefined && limit !== undefined && keys >= limit * FULL) {
    const text = `${keys} of ${limit} keys are used`;
    reasons.push({ text, directive: "opcache.max_accelerated_files" });
  }
  const buffer = strings + (stringsFree ?? Number.NaN);
  if (strings / buffer >= FULL) {
    const text = `the buffer of strings is full: ${sizeText(strings)} of ${sizeText(buffer)}`;
    reasons.push({ text, directive: "opcache.interned_strings_buffer" });
  }
  if (isFull !== 1 && reasons.length === 0) return [];
  const directives = reasons.map(({ directive }) => directive);
  return [
    {
      code: "opcache_full",
      severity: FindingSeverity.Warning,
      title: isFull === 1 ? "OPcache is full" : "OPcache is nearly full",
      evidence: [
        ...reasons.map(({ text }) => text),
        "scripts that do not fit are compiled at each request",
      ],
      change: `raise ${directives.join(" and ") || "opcache.memory_consumption"} in php.ini, then restart php-fpm`,
    },
  ];
}

function restarts({ opcache }: Evidence): Finding[] {
  const memory = opcache?.opcache_out_of_memory_restarts_total ?? 0;
  const hash = opcache?.opcache_hash_restarts_total ?? 0;
  if (memory + hash === 0) return [];
  return [
    {
      code: "opcache_restarts",
      severity: FindingSeverity.Warning,
      title: `OPcache was full and emptied itself ${many(memory + hash, "time", "times")}`,
      evidence: [`${memory} for want of memory, ${hash} for want of keys`],
      change:
        "raise opcache.memory_consumption, or opcache.max_accelerated_files, in php.ini, then restart php-fpm",
    },
  ];
}
