<?php
// Dies of an uncaught error; ?after=1 writes a line first.
if (!empty($_GET['after'])) {
    echo "before\n";
    flush();
}
throw new RuntimeException('as asked');
