import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe } from "vitest";
import { createSite, defaultNoScripts, sitePath } from "../../src/cgi/front-controller.js";
import { GatewayError } from "../../src/errors.js";
import { fuzz } from "../harness/fuzz.js";

const pieces = [
  ...["/", "//", "%2f", "%2F", "\\", "%5c", ".", "..", "%2e", "%2E%2e", "%00", "%252e", "%ff", "%"],
  ...[
    ".php",
    "%2ephp",
    ".PHP",
    "index.php",
    "a",
    "x.jpg",
    "%C5%BC",
    ":",
    "%0a",
    ";",
    " ",
    "?",
    "#",
  ],
  ...["uploads", "UpLoads", "%75ploads", "vendor", ".git", "wp-admin"],
];
const paths = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 12 })
  .map((all) => `/${all.join("")}`);

describe("a site where every script exists", () => {
  const site = createSite({}, () => true);

  fuzz("runs none that leads elsewhere, or that may not run", () =>
    fc.asyncProperty(paths, fc.boolean(), async (path, isNormal) => {
      const pathname = isNormal ? new URL(`http://a.test${path}`).pathname : path;
      let decoded: string;
      try {
        decoded = sitePath(pathname);
      } catch (error) {
        assert(error instanceof GatewayError);
        return;
      }
      const { script, pathInfo, named } = await site.choose(decoded);
      const [empty, ...names] = script.split("/");
      assert.equal(empty, "");
      assert.match(script, /\.php$/);
      for (const name of names) {
        assert.doesNotMatch(name, /^\.|^$|[\0\\:\n]/);
      }
      for (const folder of names.slice(0, -1)) {
        assert(!defaultNoScripts.includes(folder.toLowerCase()));
      }
      // The script and PATH_INFO are the path: nothing is lost, and nothing comes from elsewhere.
      if (named) assert([decoded, `${decoded}index.php`].includes(script + pathInfo));
      else assert.deepEqual([script, pathInfo], ["/index.php", ""]);
    }),
  );
});
