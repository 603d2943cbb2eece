<?php
// Writes ?steps= lines (default 3), one flush each, ?ms= milliseconds apart (default 50).
header('Content-Type: text/plain');
$steps = (int) ($_GET['steps'] ?? 3);
for ($i = 1; $i <= $steps; $i++) {
    echo "step $i\n";
    flush();
    if ($i < $steps) {
        usleep((int) ($_GET['ms'] ?? 50) * 1000);
    }
}
