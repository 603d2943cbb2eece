<?php
// Sleeps ?ms= milliseconds (default 1000), then says so. ?say=1 flushes a line before it sleeps.
header('Content-Type: text/plain');
$milliseconds = (int) ($_GET['ms'] ?? 1000);
if (!empty($_GET['say'])) {
    echo "sleeping\n";
    flush();
}
usleep($milliseconds * 1000);
echo "slept $milliseconds ms\n";
