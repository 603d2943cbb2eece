import { describe, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { startMaster } from "./master.js";

/** Sends requests to nginx without a pause, `width` at a time, while `act` runs. */
async function underLoad(url: string, width: number, act: () => Promise<void>) {
  const statuses = new Map<number, number>();
  let isOver = false;
  const run = async (): Promise<void> => {
    while (!isOver) {
      const response = await fetch(url);
      await response.text();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  };
  const runs = Array.from({ length: width }, run);
  await act();
  isOver = true;
  await Promise.all(runs);
  return statuses;
}

describeWith(["nginx"], "a pool behind nginx", () => {
  describe.each(["shared", "delegate"])("%s", (mode) => {
    const args = ["--mode", mode, "--pm", "static", "--workers", "2", "--status-path", "/status"];

    it.each(["", "fastcgi_keep_conn on;"])(
      "S3.9 loses no request during reloads: %j",
      async (location) => {
        await using master = await startMaster(args);
        await using nginx = await startNginx(master.address, location);
        const statuses = await underLoad(`${nginx.url}/sleep?ms=1`, 6, async () => {
          for (let reload = 1; reload <= 3; reload++) {
            master.signal("SIGUSR2");
            await master.logged(/child \d+ exited with code 0/, reload * 2);
          }
        });
        expect([...statuses.keys()]).toEqual([200]);
        expect(statuses.get(200)).toBeGreaterThan(30);
      },
    );

    it("serves others while nginx keeps connections that carry nothing", async () => {
      await using master = await startMaster(args);
      await using nginx = await startNginx(master.address, "fastcgi_keep_conn on;");
      await Promise.all(Array.from({ length: 8 }, () => fetch(`${nginx.url}/sleep?ms=20`)));
      const { text, time } = await master.request("/");
      expect(text).toBe("hello");
      expect(time).toBeLessThan(2_000);
      const page = await (await fetch(`${nginx.url}/status?json`)).json();
      expect(page).toMatchObject({ "total processes": 2, "active processes": 1 });
    });
  });
});
