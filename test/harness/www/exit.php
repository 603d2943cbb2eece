<?php
// Ends early with exit(?code=), after a head and no body; php-fpm reports no exit code of it.
exit((int) ($_GET['code'] ?? 3));
