import { loadHarness } from "../../scripts/harness.mjs";

/**
 * Runs `work` with php-fpm, and stops php-fpm afterwards. If it is not installed, says so and does
 * nothing.
 *
 * @param pools in the form of the tests' harness
 */
export async function withPhpFpm(pools, work) {
  const { findServer, startPhpFpm } = await loadHarness();
  if (findServer("php-fpm") === undefined) {
    process.stderr.write("  skipped: php-fpm is not installed (apt-get install php8.2-fpm)\n");
    return;
  }
  const server = await startPhpFpm({ pools });
  const interrupted = () => server.stop().then(() => process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    await work(server, { cgiFcgi: findServer("cgi-fcgi") });
  } finally {
    await server.stop();
  }
}
