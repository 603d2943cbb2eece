/*
 * Loads a server: sends the request on standard input again and again, on N connections at a time.
 * Every answer must be as long as the first. Prints one JSON object.
 *
 *   load SOCKET CONNECTIONS SECONDS each    each connection carries one request, and ends with it
 *   load SOCKET CONNECTIONS SECONDS kept    FastCGI; each carries one after another
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

enum { HEADER = 8, END_REQUEST = 3, REQUEST = 65536 };

static size_t answer_length;

/* Whether the received bytes are records, the last of them END_REQUEST. */
static int ends_request(const unsigned char *bytes, size_t length) {
  int type = 0;
  size_t at = 0;
  while (at + HEADER <= length) {
    const unsigned char *header = bytes + at;
    type = header[1];
    at += HEADER + ((size_t)header[4] << 8 | header[5]) + header[6];
  }
  return at == length && type == END_REQUEST;
}

static enum verdict as_the_first(const struct connection *connection) {
  if (answer_length == 0) answer_length = connection->length;
  return connection->length == answer_length && answer_length > 0 ? FINISHED : FAILED;
}

static enum verdict examine_each(const struct connection *connection, int ended) {
  return ended ? as_the_first(connection) : UNFINISHED;
}

static enum verdict examine_kept(const struct connection *connection, int ended) {
  if (ended) return FAILED;
  if (!ends_request(connection->bytes, connection->length)) return UNFINISHED;
  return as_the_first(connection);
}

int main(int count, char **arguments) {
  static unsigned char request[REQUEST];
  int kept = count == 5 && strcmp(arguments[4], "kept") == 0;
  if (count != 5 || (!kept && strcmp(arguments[4], "each") != 0)) {
    fprintf(stderr, "usage: load SOCKET CONNECTIONS SECONDS each|kept\n");
    return 2;
  }
  struct load load = {
      .socket = arguments[1],
      .request = request,
      .request_length = fread(request, 1, REQUEST, stdin),
      .connections = atoi(arguments[2]),
      .seconds = atof(arguments[3]),
      .kept = kept,
      .examine = kept ? examine_kept : examine_each,
  };
  if (load.connections < 1 || load.seconds <= 0 || load.request_length == 0) {
    fprintf(stderr, "load: CONNECTIONS and SECONDS are above 0, and a request is on stdin\n");
    return 2;
  }
  run_load(&load);
  return 0;
}
