// SPDX-License-Identifier: Apache-2.0

// What the cluster tests run as pods: a server that answers with its host's
// name, and a client that prints one answer.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		host, _ := os.Hostname()
		http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, host) })
		fmt.Fprintln(os.Stderr, http.ListenAndServe(":8080", nil))
		os.Exit(1)
	case len(os.Args) == 3 && os.Args[1] == "get":
		client := http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		answer, err := client.Get(os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer answer.Body.Close()
		_, _ = io.Copy(os.Stdout, io.LimitReader(answer.Body, 4096))
	default:
		fmt.Fprintln(os.Stderr, "usage: probe serve | probe get URL")
		os.Exit(2)
	}
}
