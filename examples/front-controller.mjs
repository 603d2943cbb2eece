// Requests to a site with a front controller, as WordPress, Laravel and Symfony have it, without a web
// server: for tests, warming caches, or a look at what a page answers.
//
//   npm install fcgi-probe
//   node front-controller.mjs unix:/run/php/php8.2-fpm.sock /var/www/wordpress / /wp-login.php
import { createClient, GatewayError } from "fcgi-probe";

const [address = "unix:/run/php/php8.2-fpm.sock", root = "/var/www/html", ...paths] =
  process.argv.slice(2);

const site = createClient(address, {
  root,
  frontController: "/index.php",
  // The requests of this program share a connection.
  keep: true,
  // What PHP calls the visitor.
  remoteAddress: "127.0.0.1",
});

try {
  for (const path of paths.length > 0 ? paths : ["/"]) {
    // A whole URL: applications ask for their host, and whether the visitor came by https.
    const response = await site.fetch(`https://www.example.org${path}`, {
      headers: { accept: "text/html", cookie: "lang=en" },
    });
    console.log(response.status, path, response.headers.get("content-type"));
    console.log((await response.text()).slice(0, 2_000));
  }
} catch (error) {
  if (!(error instanceof GatewayError)) throw error;
  console.error(`${error.address}: ${error.message}\n${error.hint}`);
  process.exitCode = 1;
} finally {
  await site.close();
}
