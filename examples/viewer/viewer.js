// Shows captured bytes in a browser, as `fcgi-probe decode` does. Nothing leaves the page.
// Needs a built clone. Start: npx http-server -c-1 . and open /examples/viewer/
import { createDescriber } from "fcgi-probe/describe";

const MOST = 5_000;
/** A line: of a connection or not; a part of the record before it, or the record's offset. */
const LINE = /^(?:#\d+ )?(?:[<>] )?( {12})?( *\d+ {2})?(.*)$/s;
const byId = (id) => document.getElementById(id);
const make = (name, text, className = "") =>
  Object.assign(document.createElement(name), { textContent: text, className });
let run = 0;

/** Text only, so that nothing in a capture becomes markup. */
function show(line) {
  const [, inner, offset, text] = LINE.exec(line);
  const last = byId("records").lastElementChild;
  if (inner === undefined || last === null) {
    byId("records").append(make("li", line, offset === undefined ? "note" : ""));
    return;
  }
  if (last.firstElementChild === null) {
    const details = make("details");
    details.append(make("summary", last.textContent), make("ul"));
    last.replaceChildren(details);
  }
  last.firstElementChild.lastElementChild.append(make("li", `${offset ?? ""}${text}`));
}

async function describe(chunks) {
  const own = ++run;
  const describer = createDescriber({ protocol: byId("protocol").value || undefined });
  byId("records").replaceChildren();
  let [count, problem] = [0, ""];
  const take = (lines) => {
    for (const line of lines) if (++count <= MOST) show(line);
  };
  try {
    for await (const chunk of chunks) if (own === run) take(describer.push(chunk));
    if (own === run) take(describer.end());
  } catch ({ code, message, offset }) {
    problem = `${code}: ${message}${offset === undefined ? "" : ` (at byte ${offset})`}`;
  }
  if (own !== run) return;
  byId("problem").textContent = problem;
  byId("count").textContent = `${count} lines${count > MOST ? `, ${MOST} of them below` : ""}`;
}

byId("file").onchange = ({ target }) => target.files[0] && describe(target.files[0].stream());
byId("input").onsubmit = (event) => {
  event.preventDefault();
  const digits = byId("hex").value.replace(/0x|\\x|[\s,]/g, "");
  if (!/^(?:[\da-f]{2})+$/i.test(digits)) byId("problem").textContent = "this is not hex";
  else describe([Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16))]);
};
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) describe(event.dataTransfer.files[0].stream());
};
