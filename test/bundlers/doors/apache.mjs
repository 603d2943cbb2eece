import { readFileSync } from "node:fs";
import { parseServerStatusHtml } from "fcgi-probe/apache";
import { equal } from "../../runtimes/expect.mjs";

const [, , , page] = process.argv;
equal(parseServerStatusHtml(readFileSync(page)).rows.length > 0, true);
