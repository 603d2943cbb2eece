// Scrapes a status page again and again: `scrape-client SOCKET IN_FLIGHT PAGES`, with goroutines.
package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

func record(kind byte, content []byte) []byte {
	return append([]byte{1, kind, 0, 1, byte(len(content) >> 8), byte(len(content)), 0, 0}, content...)
}

func main() {
	inFlight, _ := strconv.Atoi(os.Args[2])
	left, _ := strconv.ParseInt(os.Args[3], 10, 64)
	var params []byte
	for _, pair := range [][2]string{{"SCRIPT_NAME", "/status"}, {"SCRIPT_FILENAME", "/status"}, {"QUERY_STRING", ""}, {"REQUEST_METHOD", "GET"}} {
		params = append(append(append(params, byte(len(pair[0])), byte(len(pair[1]))), pair[0]...), pair[1]...)
	}
	request := bytes.Join([][]byte{record(1, []byte{0, 1, 0, 0, 0, 0, 0, 0}), record(4, params), record(4, nil), record(5, nil)}, nil)
	var group sync.WaitGroup
	for range inFlight {
		group.Go(func() {
			for atomic.AddInt64(&left, -1) >= 0 {
				connection, err := net.Dial("unix", os.Args[1])
				if err != nil {
					continue
				}
				connection.Write(request)
				page, _ := io.ReadAll(connection)
				connection.Close()
				for _, line := range bytes.Split(page, []byte("\n")) {
					if _, value, found := bytes.Cut(line, []byte(":")); found {
						strconv.Atoi(string(bytes.TrimSpace(value)))
					}
				}
			}
		})
	}
	group.Wait()
}
