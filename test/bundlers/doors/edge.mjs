import { statusOver } from "fcgi-probe/edge";
import { equal } from "../../runtimes/expect.mjs";
import { answer } from "../../runtimes/php-fpm-answer.mjs";

const readable = new ReadableStream({
  start(controller) {
    controller.enqueue(answer);
    controller.close();
  },
});
statusOver({ readable, writable: new WritableStream() }).then(({ pool, acceptedConn }) =>
  equal([pool, acceptedConn], ["static", 4]),
);
