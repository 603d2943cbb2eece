// The chart of README: bars of each comparison, as SVG, for a light and for a dark page.
import { shown } from "./headlines.mjs";

const THEMES = {
  light: { text: "#1f2328", faint: "#59636e", ours: "#0969da", other: "#afb8c1" },
  dark: { text: "#f0f6fc", faint: "#9198a1", ours: "#4493f8", other: "#3d444d" },
};
export const themes = Object.keys(THEMES);

const WIDTH = 800;
const LABELS = 210;
const LONGEST_BAR = 470;
const TITLE = 34;
const ROW = 22;
const BAR = 14;
const GAP = 14;

/**
 * The comparisons as bars, those of one on one scale.
 *
 * @param charts what `headlines` returns
 * @param theme a name of `themes`
 */
export function chart(charts, theme) {
  const colours = THEMES[theme];
  let y = 0;
  const parts = [];
  for (const { title, unit, bars } of charts) {
    parts.push(text(0, y + 20, title, colours.text, 'font-weight="600"'));
    y += TITLE;
    const most = Math.max(...bars.map(({ value }) => value));
    for (const { label, value, isOurs } of bars) {
      const length = Math.max(1, Math.round((value / most) * LONGEST_BAR));
      const weight = isOurs ? 'font-weight="600"' : "";
      const middle = y + BAR - 2;
      parts.push(
        text(
          LABELS - 10,
          middle,
          label,
          isOurs ? colours.text : colours.faint,
          `${weight} text-anchor="end"`,
        ),
        `<rect x="${LABELS}" y="${y}" width="${length}" height="${BAR}" rx="2" fill="${isOurs ? colours.ours : colours.other}"/>`,
        text(
          LABELS + length + 8,
          middle,
          `${shown(value)} ${unit}`,
          isOurs ? colours.text : colours.faint,
          weight,
        ),
      );
      y += ROW;
    }
    y += GAP;
  }
  const names = charts.map(({ title }) => title).join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13" role="img" aria-label="${escaped(names)}">
${parts.join("\n")}
</svg>
`;
}

function text(x, y, content, colour, more = "") {
  const attributes = more.trim() === "" ? "" : ` ${more.trim()}`;
  return `<text x="${x}" y="${y}" fill="${colour}"${attributes}>${escaped(content)}</text>`;
}

function escaped(content) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return content.replace(/[&<>"]/g, (mark) => entities[mark]);
}
