import { type ExporterSettings, exporterDefaults } from "./settings.js";

/** The page at `/`: links to everything else. */
export function landingPage(settings: ExporterSettings): Response {
  const { telemetryPath = exporterDefaults.telemetryPath, targets } = settings;
  const metrics = telemetryPath.replace(/^\//, "");
  const links = [metrics, "sd", "-/healthy", "-/ready"].map(
    (path) => `<li><a href="${path.replaceAll('"', "&quot;")}">/${path}</a></li>`,
  );
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>fcgi-probe exporter</title>
<h1>fcgi-probe exporter</h1><p>It reads ${targets.length} targets.</p><ul>${links.join("")}</ul></html>
`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'",
    },
  });
}
