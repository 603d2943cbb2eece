<?php
// Says as JSON what arrived: method, query, body (base64), headers and server variables.
header('Content-Type: application/json');
$body = file_get_contents('php://input');
echo json_encode([
    'method' => $_SERVER['REQUEST_METHOD'] ?? null,
    'query' => $_SERVER['QUERY_STRING'] ?? null,
    'get' => (object) $_GET,
    'bodyLength' => strlen($body),
    'bodySha256' => hash('sha256', $body),
    'body' => strlen($body) <= 65536 ? base64_encode($body) : null,
    'server' => (object) array_filter($_SERVER, 'is_string'),
], JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_PARTIAL_OUTPUT_ON_ERROR);
