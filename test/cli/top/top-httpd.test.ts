import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { hang, isAlive, workersWith } from "../../apache/real-apache.js";
import { type Apache, startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { startTop, type TmuxTerminal } from "./start-top.js";

describeWith(["apache2", "tmux"], "top of a real httpd", () => {
  let apache: Apache;
  let terminal: TmuxTerminal;
  beforeAll(async () => {
    apache = await startApache({ mpm: "prefork" });
  });
  afterEach(() => terminal.stop());
  afterAll(() => apache.stop());

  const top = (...options: string[]): TmuxTerminal => {
    terminal = startTop([`${apache.url}/server-status`, ...options], { columns: 120, rows: 40 });
    return terminal;
  };

  it("shows the map of its scoreboard and its workers", async () => {
    const { shows, press } = top();
    const lines = await shows(/REQUEST$/m);
    expect(lines.join("\n")).toMatch(/^[_WSRK.]{8}$/m);
    expect(lines.join("\n")).toMatch(/^_ \d waiting/m);
    press("Escape");
    expect((await shows(/^1 target: 1 fine/m))[2]).toMatch(/^> 127\.0\.0\.1:\d+ +ok +1\/8 /);
  });

  it("kills a worker on a request after a question, and none for another key than y", async () => {
    const [request] = hang(apache, 1, 25);
    const [hanging] = await workersWith(apache, "/cgi/sleep.sh?25", 1);
    const { shows, press } = top();
    await shows(/> +\d+ +replying +[2-9]s .*sleep\.sh\?25/);
    press("k");
    await shows(new RegExp(`^kill worker ${hanging?.pid}, \\d+s on GET /cgi/sleep.*y/n$`, "m"));
    press("n");
    await shows(/^not killed$/m);
    expect(isAlive(hanging?.pid)).toBe(true);
    press("k");
    press("y");
    await shows(new RegExp(`^killed worker ${hanging?.pid}$`, "m"));
    expect(isAlive(hanging?.pid)).toBe(false);
    expect(await request).not.toBe("slept\n");
  });

  it("kills no idle worker", async () => {
    const { shows, press } = top();
    await shows(/REQUEST$/m);
    press("End");
    press("k");
    await shows(/^worker \d+ is on no request|^this is not a worker's process$/m);
  });
});
