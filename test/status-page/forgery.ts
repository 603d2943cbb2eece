import { idle, logDate } from "./page-writer.js";

/** Text of a query that looks like a process: it ends its own process and begins another. */
export const tails = {
  text:
    "\ncontent length:       0\nuser:                 -\nscript:               -\n" +
    "last request cpu:     0.00\nlast request memory:  0",
  json: '","content length":0,"user":"-","script":"-","last request cpu":0.00,"last request memory":0',
  xml:
    "</request-uri><content-length>0</content-length><user>-</user><script>-</script>" +
    "<last-request-cpu>0.00</last-request-cpu><last-request-memory>0</last-request-memory>",
};

/** The head of a process in a page of this second, up to its URI. */
export function headAt(second: number, pid: number) {
  const since = second - idle.startTime;
  return {
    text:
      `\n\n${"*".repeat(24)}\npid:                  ${pid}\nstate:                Idle\n` +
      `start time:           ${logDate(idle.startTime)}\nstart since:          ${since}\n` +
      "requests:             1\nrequest duration:     1\nrequest method:       GET\n" +
      "request URI:          ",
    json:
      `},{"pid":${pid},"state":"Idle","start time":${idle.startTime},"start since":${since},` +
      '"requests":1,"request duration":1,"request method":"GET","request uri":"',
    xml:
      `</process>\n<process><pid>${pid}</pid><state>Idle</state>` +
      `<start-time>${idle.startTime}</start-time><start-since>${since}</start-since>` +
      "<requests>1</requests><request-duration>1</request-duration>" +
      "<request-method>GET</request-method><request-uri>",
  };
}

/** The second of pages by `pageOf`. */
export const second = idle.startTime + 99;

/** A whole process as text of a query. */
export function forgery(format: keyof typeof tails, at = second, pid = 666): string {
  return tails[format] + headAt(at, pid)[format];
}
