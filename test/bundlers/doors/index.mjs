// A thread reads the pool: its module is a file of the installed package.
import { fleet, GatewayError } from "fcgi-probe";
import { equal } from "../../runtimes/expect.mjs";

async function main() {
  const codes = [];
  const options = { threads: 1, retries: 0 };
  for await (const { error } of fleet(["unix:/nowhere/at/all.sock:/status"], options)) {
    codes.push(error instanceof GatewayError && error.code);
  }
  equal(codes, ["socket_missing"]);
}
void main();
