// A bundle that is alone, or beside another version, serves, and says why it starts no pool.
import { serve, startPool } from "fcgi-probe/server";
import { equal } from "../../runtimes/expect.mjs";

const [, , application, why] = process.argv;

async function main() {
  const server = await serve(() => new Response("served"), { listen: "http://127.0.0.1:0" });
  equal(await (await fetch(server.address)).text(), "served");
  await server.close();
  const error = await startPool({ application, listen: "127.0.0.1:0" }).catch((thrown) => thrown);
  equal(error.code, "incomplete_bundle");
  equal(error.message.includes(why), true);
  equal(/^npm install fcgi-probe@\d/.test(error.hint), true);
}
void main();
