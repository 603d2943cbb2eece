/*
 * A peer that costs next to nothing: it reads a FastCGI request to its end, and answers from memory.
 * Usage: status-peer SOCKET FILE, where FILE holds the records of the answer. It writes a line when
 * it listens, and ends when its standard input does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system.h"

enum { BACKLOG = 4096, EVENTS = 256, LONGEST = 65536, HEADER = 8, STDIN_TYPE = 5 };

static unsigned char answer[LONGEST];
static size_t answer_length;
static int queue;

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void load_answer(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path);
  answer_length = fread(answer, 1, sizeof answer, file);
  fclose(file);
}

static int listen_at(const char *path) {
  struct sockaddr_un address = address_of(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (listen(fd, BACKLOG) < 0) fail("listen");
  return fd;
}

static void accept_all(int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) watch(fd);
  if (errno != EAGAIN && errno != ECONNABORTED) fail("accept4");
}

/* The client writes its request at once, and ends it with an empty STDIN record. */
static void serve(int fd) {
  unsigned char request[LONGEST];
  ssize_t length = read(fd, request, sizeof request);
  if (length < 0 && errno == EAGAIN) return;
  if (length >= HEADER) {
    const unsigned char *last = request + length - HEADER;
    if (last[1] != STDIN_TYPE || last[4] != 0 || last[5] != 0) return;
    if (write(fd, answer, answer_length) < 0 && errno != EPIPE) fail("write");
  }
  close(fd);
}

int main(int count, char **arguments) {
  struct epoll_event events[EVENTS];
  if (count != 3) return 2;
  load_answer(arguments[2]);
  if ((queue = epoll_create1(0)) < 0) fail("epoll_create1");
  int listener = listen_at(arguments[1]);
  watch(listener);
  watch(STDIN_FILENO);
  puts("ready");
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(queue, events, EVENTS, -1);
    if (ready < 0 && errno != EINTR) fail("epoll_wait");
    for (int at = 0; at < ready; at++) {
      int fd = events[at].data.fd;
      if (fd == STDIN_FILENO) return 0;
      if (fd == listener) accept_all(listener);
      else serve(fd);
    }
  }
}
