import { createDescriber } from "fcgi-probe/describe";
import { equal } from "../../runtimes/expect.mjs";
import { answer } from "../../runtimes/php-fpm-answer.mjs";

const lines = [...createDescriber().push(answer)];
equal(
  lines.some((line) => line.includes("END_REQUEST")),
  true,
);
