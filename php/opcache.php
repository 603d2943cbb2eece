<?php
// Prints the state of OPcache and of the realpath cache as JSON, for `fcgi-probe exporter`.
// Copy it to a folder that the pool may read (open_basedir, chroot), outside every document root, and
// name it in the exporter's configuration. It reads, and changes nothing.

header('Content-Type: application/json');
header('Cache-Control: no-store');

/** Reads 16M, as php.ini writes sizes, as bytes. */
function bytes_of(string $size): int
{
    $units = ['k' => 1024, 'm' => 1024 ** 2, 'g' => 1024 ** 3];
    return (int) $size * ($units[strtolower(substr(trim($size), -1))] ?? 1);
}

$values = [
    'realpath_cache_used_bytes' => realpath_cache_size(),
    'realpath_cache_limit_bytes' => bytes_of((string) ini_get('realpath_cache_size')),
];

// False where OPcache is off, and where opcache.restrict_api does not allow this script to ask.
$status = function_exists('opcache_get_status') ? @opcache_get_status(false) : false;
$values['opcache_enabled'] = (int) ($status !== false && $status['opcache_enabled']);
if ($status !== false) {
    $memory = $status['memory_usage'] ?? [];
    $strings = $status['interned_strings_usage'] ?? [];
    $statistics = $status['opcache_statistics'] ?? [];
    $jit = $status['jit'] ?? [];
    $values += [
        'opcache_full' => (int) $status['cache_full'],
        'opcache_restart_pending' => (int) $status['restart_pending'],
        'opcache_memory_used_bytes' => $memory['used_memory'] ?? null,
        'opcache_memory_free_bytes' => $memory['free_memory'] ?? null,
        'opcache_memory_wasted_bytes' => $memory['wasted_memory'] ?? null,
        'opcache_strings_used_bytes' => $strings['used_memory'] ?? null,
        'opcache_strings_free_bytes' => $strings['free_memory'] ?? null,
        'opcache_scripts' => $statistics['num_cached_scripts'] ?? null,
        'opcache_keys' => $statistics['num_cached_keys'] ?? null,
        'opcache_keys_limit' => $statistics['max_cached_keys'] ?? null,
        'opcache_hits_total' => $statistics['hits'] ?? null,
        'opcache_misses_total' => $statistics['misses'] ?? null,
        'opcache_blacklist_misses_total' => $statistics['blacklist_misses'] ?? null,
        'opcache_out_of_memory_restarts_total' => $statistics['oom_restarts'] ?? null,
        'opcache_hash_restarts_total' => $statistics['hash_restarts'] ?? null,
        'opcache_manual_restarts_total' => $statistics['manual_restarts'] ?? null,
        'opcache_start_time_seconds' => $statistics['start_time'] ?? null,
        'opcache_jit_enabled' => isset($jit['on']) ? (int) $jit['on'] : null,
        'opcache_jit_buffer_bytes' => $jit['buffer_size'] ?? null,
        'opcache_jit_buffer_free_bytes' => $jit['buffer_free'] ?? null,
    ];
}

echo json_encode(
    array_filter($values, static fn ($value) => $value !== null),
    JSON_FORCE_OBJECT,
), "\n";
