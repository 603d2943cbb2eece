/** What `apache-manager --help` prints. */
export const managerHelp = `Usage: apache-manager [OPTIONS]

Shows and writes metrics of Apache httpd and its workers, and kills workers that
hang or use too much memory. The options, the output and the exit codes are
those of apache-manager 1.2, and with -c, -k or -T those of 2.x.

  -w, --watch                    show the metrics again and again
      --interval=SPAN            how often (default: 10 seconds)
  -a, --max-memory-active=SIZE   kill active workers that use more memory
  -i, --max-memory-idle=SIZE     kill idle workers that use more memory
  -t, --max-time=SPAN            kill workers that are longer on a request
      --max-ss=SPAN              the same
  -f, --data-file=PATH           where the metrics are written, - for standard
                                 output (default: apache-manager.txt in the
                                 temporary folder)
  -z, --zabbix-discovery         print what memory usage is told of, as JSON for
                                 Zabbix's low-level discovery
  -n, --dry-run, --simulate      kill nothing
  -v, --verbose                  say more (may be repeated)
  -q, --quiet                    say less (may be repeated)
  -h, --help                     show this text

As of 2.x, where nothing is done that is not asked for, sizes have powers of
1,024, and the ini files (/etc/apache-manager.ini and others) are read:

  -c, --collect-metrics          write the metrics
  -k, --kill-workers             kill workers that are over a limit
  -T, --hanging-worker-threshold=SPAN
                                 how long a worker must be on a request to be
                                 counted as hanging (default: 5 minutes)

Beyond both:

      --url=URL                  the status page (default: what the configuration
                                 of httpd says)
      --config=PATH              that configuration
      --define=NAME              a name that httpd was started with, as -D NAME
                                 (may be repeated)
      --master=PID               the pid of httpd's master, or its PidFile
      --host=NAME                the host to ask for, at the address of the URL
      --header=NAME=VALUE        a header field (may be repeated)
      --insecure                 accept any certificate

A SIZE is as in 500M, 1.5GB or 64KiB, a SPAN as in 30s, 5m or 2h.
Exit status: 0 fine, 1 failed.
`;
