/** Targets: 5 % dead (half without a socket, half refusing), 1 % silent, and pools. */
export function* targets(count, { pools, missing, refusing, silent }) {
  for (let at = 0; at < count; at++) {
    const of100 = at % 100;
    if (of100 === 99) yield silent;
    else if (of100 % 20 === 7) yield at % 40 === 7 ? missing : refusing;
    else yield pools[at % pools.length];
  }
}

/** The number of {@link targets} that answer. */
export function expectedAnswers(count) {
  let answers = 0;
  const kinds = { pools: ["pool"], missing: "", refusing: "", silent: "" };
  for (const target of targets(count, kinds)) if (target === "pool") answers++;
  return answers;
}
