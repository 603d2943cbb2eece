<?php
// Kills its own worker with SIGKILL; ?after=1 writes a line first.
if (!empty($_GET['after'])) {
    echo "last words\n";
    flush();
}
posix_kill(getmypid(), 9);
usleep(5000000);
