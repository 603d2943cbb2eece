// docs/troubleshooting.md: each ErrorCode with what happened, its causes and what to do, made from
// the doc comments and hints of src/errors.ts.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ErrorCode, GatewayError } from "fcgi-probe";

const source = fileURLToPath(new URL("../src/errors.ts", import.meta.url));

const INTRODUCTION = `# Troubleshooting

Made by \`npm run manual\` from src/errors.ts.

Every failure is a \`GatewayError\` with a \`code\`, which stays the same from version to version. The
commands print its message, and its hint below it; \`--format json\` has the code. This page has, for each
code, what happened, what to check first, and the causes with what to do about them.
\`fcgi-probe doctor\` looks for the cause on this machine, and says what to change.
`;

/** The comment of each code: what happened, and the list of causes. */
function comments() {
  const text = readFileSync(source, "utf8");
  const table = /ErrorCode = \{\n([\s\S]*?)\n\} as const/.exec(text)?.[1] ?? "";
  const entries = table.matchAll(/ {2}\/\*\*\n((?: {3}\*.*\n)+?) {3}\*\/\n {2}(\w+): "(\w+)",/g);
  return new Map(
    [...entries].map(([, comment, , code]) => [code, comment.replaceAll(/^ {3}\* ?/gm, "").trim()]),
  );
}

/** The text of the page. */
export function troubleshooting() {
  const found = comments();
  const sections = Object.values(ErrorCode).map((code) => {
    const comment = found.get(code);
    const [what, causes] = comment?.split("\n\n") ?? [];
    if (causes === undefined) throw new Error(`${code}: its comment has no causes`);
    const { hint } = new GatewayError(code, "");
    return `## ${code}\n\n${what}\n\nCheck first: ${hint}${/[.?]$/.test(hint) ? "" : "."}\n\n${causes}\n`;
  });
  return [INTRODUCTION, ...sections].join("\n");
}
