<?php
// Writes ?count= lines (default 1) of ?bytes= bytes (default 20) to the error stream, and a body.
header('Content-Type: text/plain');
$bytes = (int) ($_GET['bytes'] ?? 20);
for ($i = 1; $i <= (int) ($_GET['count'] ?? 1); $i++) {
    error_log(str_pad("error $i", $bytes, '.'));
    echo "out $i\n";
    flush();
}
