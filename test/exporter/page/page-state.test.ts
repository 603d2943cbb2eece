import { describe, expect, it } from "vitest";
import type { PoolConfiguration } from "../../../src/discovery/pool-configuration.js";
import { createExporter } from "../../../src/exporter/create-exporter.js";
import type { PageState } from "../../../src/exporter/page/page-data.js";
import { targetOf } from "../targets.js";

describe("the data of the page", () => {
  it("has the name of a pool that cannot be read where a configuration has it", async () => {
    const listen = "unix:/nowhere/www.sock";
    const configuration = { name: "www", listen } as PoolConfiguration;
    const targets = [targetOf(`${listen}:/status`, { configuration }), targetOf("/nowhere/x.sock")];
    const exporter = createExporter({ targets });
    const answer = await exporter.fetch(new Request("http://exporter/-/page/targets"));
    const { targets: shown } = (await answer.json()) as PageState;
    exporter.close();
    expect(shown.map(({ name, word, problems }) => ({ name, word, problems }))).toEqual([
      { name: "", word: "down", problems: ["there is no such socket"] },
      { name: "www", word: "down", problems: ["there is no such socket"] },
    ]);
  });
});
