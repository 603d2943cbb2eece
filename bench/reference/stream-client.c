/*
 * Transfers much data on one connection: sends a head, a chunk again and again, and an end, and at
 * the same time reads and drops everything until the peer closes. Prints one JSON object.
 *
 *   transfer SOCKET HEAD CHUNK TIMES keep|close
 *
 * Standard input has the head, the chunk and the end. HEAD and CHUNK are the lengths of the first
 * two, in bytes. `close` ends the sending side after the end, for a request without a length.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system.h"

enum { INPUT = 131072, BUFFER = 65536, SILENCE = 5000 /* milliseconds */ };

/* The parts to send, in order. */
struct outgoing {
  const unsigned char *parts[3];
  size_t lengths[3];
  long times[3];
  int part;
  size_t sent; /* of the part */
};

static int open_connection(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
  return fd;
}

/* Sends until the socket's buffer is full. Returns whether everything has been sent. */
static int send_some(int fd, struct outgoing *outgoing) {
  while (outgoing->part < 3) {
    int part = outgoing->part;
    size_t left = outgoing->lengths[part] - outgoing->sent;
    if (left == 0 || outgoing->times[part] == 0) {
      outgoing->sent = 0;
      if (left > 0 || --outgoing->times[part] <= 0) outgoing->part++;
      continue;
    }
    ssize_t count = send(fd, outgoing->parts[part] + outgoing->sent, left, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count < 0) fail("send");
    outgoing->sent += (size_t)count;
  }
  return 1;
}

/* Reads until there is nothing to read. Returns whether the peer has closed. */
static int receive_all(int fd, unsigned long *received) {
  static unsigned char buffer[BUFFER];
  for (;;) {
    ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count < 0) fail("read");
    if (count == 0) return 1;
    *received += (unsigned long)count;
    if ((size_t)count < sizeof buffer) return 0;
  }
}

int main(int count, char **arguments) {
  static unsigned char input[INPUT];
  if (count != 6) {
    fprintf(stderr, "usage: transfer SOCKET HEAD CHUNK TIMES keep|close\n");
    return 2;
  }
  size_t length = fread(input, 1, INPUT, stdin);
  size_t head = strtoul(arguments[2], NULL, 10), chunk = strtoul(arguments[3], NULL, 10);
  if (head > length || chunk > length - head) {
    fprintf(stderr, "transfer: standard input is shorter than HEAD and CHUNK\n");
    return 2;
  }
  struct outgoing outgoing = {
      .parts = {input, input + head, input + head + chunk},
      .lengths = {head, chunk, length - head - chunk},
      .times = {1, atol(arguments[4]), 1},
  };
  int closes = strcmp(arguments[5], "close") == 0;
  unsigned long received = 0;

  double began = seconds(CLOCK_MONOTONIC);
  int fd = open_connection(arguments[1]);
  int is_sent = 0, is_over = 0;
  while (!is_over) {
    if (!is_sent && send_some(fd, &outgoing)) {
      is_sent = 1;
      if (closes) shutdown(fd, SHUT_WR);
    }
    struct pollfd wanted = {.fd = fd, .events = POLLIN | (is_sent ? 0 : POLLOUT)};
    if (poll(&wanted, 1, SILENCE) == 0) {
      fprintf(stderr, "transfer: nothing for %d seconds\n", SILENCE / 1000);
      return 1;
    }
    if (wanted.revents & (POLLIN | POLLHUP | POLLERR)) is_over = receive_all(fd, &received);
  }
  printf("{\"received\":%lu,\"seconds\":%.6f}\n", received, seconds(CLOCK_MONOTONIC) - began);
  return 0;
}
