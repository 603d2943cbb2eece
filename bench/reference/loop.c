#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system.h"

enum { EVENTS = 64, SILENCE = 5000 /* milliseconds */ };

static struct sockaddr_un address;
static int poller;
static unsigned long answers, failures;

static void send_request(const struct load *load, struct connection *connection) {
  connection->length = 0;
  ssize_t sent = write(connection->fd, load->request, load->request_length);
  if (sent != (ssize_t)load->request_length) fail("write");
}

static void open_connection(const struct load *load, struct connection *connection) {
  for (;;) {
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) fail("socket");
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) == 0) break;
    if (errno != EAGAIN) fail("connect");
    close(connection->fd); /* the backlog is full */
    failures++;
  }
  send_request(load, connection);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event) < 0) fail("epoll_ctl");
}

static enum verdict receive(const struct load *load, struct connection *connection) {
  size_t room = ANSWER - connection->length;
  if (room == 0) return FAILED;
  ssize_t count = read(connection->fd, connection->bytes + connection->length, room);
  if (count < 0 && errno == EAGAIN) return UNFINISHED;
  if (count < 0) return FAILED;
  connection->length += (size_t)count;
  enum verdict verdict = load->examine(connection, count == 0);
  return count == 0 && verdict == UNFINISHED ? FAILED : verdict;
}

/* Returns whether the connection continues. */
static int serve(const struct load *load, struct connection *connection, int is_over) {
  enum verdict verdict = receive(load, connection);
  if (verdict == UNFINISHED) return 1;
  if (verdict == FINISHED) answers++;
  else failures++;
  if (load->kept && verdict == FINISHED && !is_over) {
    send_request(load, connection);
    return 1;
  }
  close(connection->fd);
  if (is_over) return 0;
  open_connection(load, connection);
  return 1;
}

void run_load(const struct load *load) {
  address = address_of(load->socket);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) fail("epoll_create1");
  struct connection *connections = calloc((size_t)load->connections, sizeof *connections);
  if (connections == NULL) fail("calloc");

  double began = seconds(CLOCK_MONOTONIC), end = began + load->seconds;
  for (int i = 0; i < load->connections; i++) open_connection(load, &connections[i]);
  int open = load->connections;
  while (open > 0) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(poller, events, EVENTS, SILENCE);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    if (ready == 0) {
      fprintf(stderr, "no answer for %d seconds\n", SILENCE / 1000);
      exit(1);
    }
    int is_over = seconds(CLOCK_MONOTONIC) >= end;
    for (int i = 0; i < ready; i++) {
      if (!serve(load, events[i].data.ptr, is_over)) open--;
    }
  }
  double elapsed = seconds(CLOCK_MONOTONIC) - began;
  double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  printf("{\"answers\":%lu,\"failures\":%lu,\"seconds\":%.6f,\"cpu\":%.6f}\n", answers, failures,
         elapsed, cpu);
  free(connections);
  close(poller);
}
