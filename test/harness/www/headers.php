<?php
// Answers with ?status= (default 200), two cookies, a repeated header, one in Latin-1 bytes, and
// ?count= headers more. ?length= is its Content-Length, right or wrong; ?field= is
// a line of the head as it is.
http_response_code((int) ($_GET['status'] ?? 200));
header('Content-Type: text/plain; charset=utf-8');
header('Set-Cookie: a=1; Path=/', false);
header('Set-Cookie: b=2; HttpOnly', false);
header('X-Twice: one', false);
header('X-Twice: two', false);
header("X-Latin: caf\xe9");
for ($i = 0; $i < (int) ($_GET['count'] ?? 0); $i++) {
    header("X-Many-$i: $i");
}
if (isset($_GET['length'])) {
    header('Content-Length: ' . $_GET['length']);
}
if (isset($_GET['field'])) {
    header($_GET['field']);
}
if (isset($_GET['location'])) {
    header('Location: ' . $_GET['location'], true, (int) ($_GET['status'] ?? 302));
}
echo "headers\n";
