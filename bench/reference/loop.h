/*
 * The loop of the C clients: N connections to a unix socket, and the same request on each again and
 * again, until the time is up.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stddef.h>

enum { ANSWER = 65536 };

struct connection {
  int fd;
  size_t length; /* of the answer, as far as it has come */
  unsigned char bytes[ANSWER];
};

enum verdict { FAILED = -1, UNFINISHED, FINISHED };

/* Examines the received bytes; `ended`: there will be no more. */
typedef enum verdict examine(const struct connection *connection, int ended);

struct load {
  const char *socket;
  const unsigned char *request;
  size_t request_length;
  int connections;
  double seconds;
  int kept; /* whether a connection is kept for the next request */
  examine *examine;
};

/* Runs the loop, and prints the result as one JSON object. Exits if it cannot run. */
void run_load(const struct load *load);

#endif
