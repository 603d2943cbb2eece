import { loadHarness } from "../../scripts/harness.mjs";

/**
 * Runs `work` with php-fpm and ends it behind it; without php-fpm, says so and does nothing.
 *
 * @param pools as the tests' harness takes them
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
