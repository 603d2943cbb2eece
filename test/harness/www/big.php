<?php
// Writes ?bytes= bytes (default 1 MiB): byte i of the body is 'a' + i % 26.
header('Content-Type: application/octet-stream');
$left = (int) ($_GET['bytes'] ?? 1048576);
$block = str_repeat('abcdefghijklmnopqrstuvwxyz', 2520);
while ($left > 0) {
    $size = min($left, strlen($block));
    echo $size === strlen($block) ? $block : substr($block, 0, $size);
    $left -= $size;
}
