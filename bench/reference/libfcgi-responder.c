/*
 * The limit of the serve suite: the small handler with libfcgi, which serves one connection at a
 * time.
 *
 *   responder SOCKET
 */
#include <fcgiapp.h>
#include <stdio.h>

static const char *variable(FCGX_Request *request, const char *name) {
  const char *value = FCGX_GetParam(name, request->envp);
  return value ? value : "";
}

int main(int count, char **arguments) {
  FCGX_Request request;
  int listener;

  if (count != 2 || FCGX_Init() != 0) return 2;
  listener = FCGX_OpenSocket(arguments[1], 511);
  if (listener < 0 || FCGX_InitRequest(&request, listener, 0) != 0) return 1;
  puts("ready");
  fflush(stdout);
  while (FCGX_Accept_r(&request) == 0) {
    FCGX_FPrintF(request.out, "Status: 200 OK\r\ncontent-type: text/plain\r\n\r\n%s http://%s%s\n",
                 variable(&request, "REQUEST_METHOD"), variable(&request, "HTTP_HOST"),
                 variable(&request, "REQUEST_URI"));
    FCGX_Finish_r(&request);
  }
  return 0;
}
