import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runHere } from "../cli/cli.js";
import { ask, script, startPools, untilQueued } from "../doctor/sick-pool.js";
import { describeWith } from "../harness/describe-with.js";
import { freePort } from "../harness/ports.js";
import { blocksOf, readPage } from "./pages.js";

/** A text without what changes from one machine and moment to the next: numbers, paths, line ends. */
function plain(text: string): string {
  return text
    .replace(/\/[^\s:]+/g, "PATH")
    .replace(/\d+(?:\.\d+)*/g, "N")
    .replace(/N s to N s, median N s/g, "N s")
    .replace(/(?<=N )[KMG](?=,)/g, "M")
    .replace(/\s+/g, " ")
    .trim();
}

describeWith(["php-fpm"], "README's picture", () => {
  it("is what the doctor says of such a pool", async () => {
    const [picture] = blocksOf(readPage("README.md")).filter(({ language }) => language === "");
    const [command, ...lines] = (picture?.text ?? "").split("\n");
    expect(command).toBe("$ fcgi-probe doctor");

    const port = await freePort();
    const backend = createServer((socket) => void socket.on("error", () => {}));
    backend.listen(port, "127.0.0.1");
    onTestFinished(() => void backend.close());
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 4, listen: "unix" }],
    });
    const open = `$db = fsockopen('127.0.0.1', ${port}); stream_set_timeout($db, 60);`;
    const report = script(fpm, "report.php", `${open} fread($db, 1);`);
    await ask(fpm.pool("www"), 16, report);
    await untilQueued(fpm.pool("www"), 12);
    const configuration = ["--php-fpm-config", join(fpm.folder, "php-fpm.conf")];
    const { stdout } = await runHere(["doctor", fpm.pool("www").address, ...configuration]);
    for (const part of lines.join("\n").split(/^ *…$/m)) {
      expect(plain(stdout)).toContain(plain(part));
    }
  });
});
