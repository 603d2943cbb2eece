import { createExporter } from "fcgi-probe/exporter";
import { equal } from "../../runtimes/expect.mjs";

async function main() {
  const exporter = createExporter({ targets: ["unix:/nowhere/at/all.sock:/status"] });
  const get = async (path) => (await exporter.fetch(new Request(`http://x${path}`))).text();
  equal(/^phpfpm_up\{.*\} 0$/m.test(await get("/metrics")), true);
  equal((await get("/")).includes("<script"), true);
  exporter.close();
}
void main();
