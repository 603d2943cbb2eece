"""The small handler by WSGI."""


def application(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    method, host, uri = (environ[name] for name in ("REQUEST_METHOD", "HTTP_HOST", "REQUEST_URI"))
    return [f"{method} http://{host}{uri}\n".encode()]
