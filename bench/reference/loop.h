/*
 * What the C clients share: N connections to a unix socket, the same request on each over and
 * over, until the time is up.
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

/* Looks at what has come; `ended`: nothing more will. */
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

/* Runs it, and prints what came of it as one JSON object. Ends the process when it cannot. */
void run_load(const struct load *load);

#endif
