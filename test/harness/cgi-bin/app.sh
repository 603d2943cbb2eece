#!/bin/bash
# What our PHP scripts do, as a CGI program: ?do=echo, big, flush, headers, sleep, stderr, crash.

# The value of a parameter of the query, or a default. Nothing here needs percent-decoding but %XX.
parameter() {
  local pair
  for pair in ${QUERY_STRING//&/ }; do
    if [[ $pair == "$1="* ]]; then
      printf '%b' "${pair#*=}" | sed 's/%3A/:/g; s/%2F/\//g'
      return
    fi
  done
  printf '%s' "$2"
}

json_string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# Says as JSON what arrived.
do_echo() {
  local body pair comma=''
  body=$(mktemp)
  trap 'rm -f "$body"' EXIT
  head -c "${CONTENT_LENGTH:-0}" >"$body"
  printf 'Content-Type: application/json\r\n\r\n'
  printf '{"method": "%s", "query": %s, ' "$REQUEST_METHOD" "$(json_string "$QUERY_STRING")"
  printf '"bodyLength": %d, ' "$(wc -c <"$body")"
  printf '"bodySha256": "%s", "server": {' "$(sha256sum <"$body" | cut -d ' ' -f 1)"
  while IFS= read -r -d '' pair; do
    printf '%s"%s": %s' "$comma" "${pair%%=*}" "$(json_string "${pair#*=}")"
    comma=', '
  done < <(env -0)
  printf '}}'
}

# Writes ?bytes= bytes: byte i of the body is 'a' + i % 26.
do_big() {
  printf 'Content-Type: application/octet-stream\n\n'
  yes abcdefghijklmnopqrstuvwxyz | tr -d '\n' | head -c "$(parameter bytes 1048576)"
}

# Writes ?steps= lines, ?ms= milliseconds apart.
do_flush() {
  local step steps ms
  steps=$(parameter steps 3)
  ms=$(parameter ms 50)
  printf 'Content-Type: text/plain\n\n'
  for ((step = 1; step <= steps; step++)); do
    printf 'step %d\n' "$step"
    if ((step < steps)); then sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"; fi
  done
}

# Answers with ?status=, two cookies, and ?count= headers more.
do_headers() {
  local location status index
  location=$(parameter location '')
  status=$(parameter status '')
  if [[ -n $status ]]; then printf 'Status: %s As Asked\n' "$status"; fi
  printf 'Content-Type: text/plain; charset=utf-8\nSet-Cookie: a=1; Path=/\nSet-Cookie: b=2; HttpOnly\n'
  printf 'X-Twice: one\nX-Twice: two\nX-Latin: caf\xe9\n'
  for ((index = 0; index < $(parameter count 0); index++)); do
    printf 'X-Many-%d: %d\n' "$index" "$index"
  done
  if [[ -n $location ]]; then printf 'Location: %s\n' "$location"; fi
  printf '\nheaders\n'
}

# Sleeps ?ms= milliseconds, then says so.
do_sleep() {
  local ms
  ms=$(parameter ms 1000)
  sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
  printf 'Content-Type: text/plain\n\nslept %d ms\n' "$ms"
}

# Writes a line to the error stream, and a body.
do_stderr() {
  echo 'error 1' >&2
  printf 'Content-Type: text/plain\n\nout 1\n'
}

# Kills itself; ?after=1 begins an answer of 1000 bytes first.
do_crash() {
  if [[ -n $(parameter after '') ]]; then
    printf 'Content-Type: text/plain\nContent-Length: 1000\n\nlast words\n'
  fi
  kill -KILL $$
}

# Says why on its error stream, and ends with ?code= before it answers.
do_fail() {
  echo 'as asked' >&2
  exit "$(parameter code 3)"
}

"do_$(parameter do echo)"
