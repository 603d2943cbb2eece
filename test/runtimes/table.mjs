// docs/runtimes.md: what runs where, as the tests have shown it.

const INTRODUCTION = `# What runs where

\`npm run test:runtimes -- --write\` writes this page. It packs the package, runs each feature's tests in
each runtime, against a real php-fpm and behind a real nginx, and fails if one of them fails.

`;

const FOOTNOTES = `
\`fcgi-probe/codec\` and \`fcgi-probe/edge\` import nothing of Node's. The other doors are for Node.

- Of Node's versions, the oldest serves behind nginx in these tests.
- Workers have no listener, and browsers have no sockets: there a feature that needs them is not tested.
- unix sockets in workerd are an external service of its configuration. Cloudflare's Workers have none.
- The column of browsers is a bundle without Node's parts, run by Node.
`;

/** @param seen for each runtime, the features and how many of their tests passed */
export function tableOf(seen) {
  const runtimes = [...seen.keys()];
  const features = [...new Set([...seen.values()].flatMap((found) => [...found.keys()]))];
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const lines = [
    row(["", ...runtimes]),
    row(["---", ...runtimes.map(() => "---")]),
    ...features.map((feature) =>
      row([feature, ...runtimes.map((runtime) => (seen.get(runtime).has(feature) ? "yes" : "–"))]),
    ),
  ];
  return `${INTRODUCTION}${lines.join("\n")}\n${FOOTNOTES}`;
}
